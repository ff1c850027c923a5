/**
 * Resolves when the condition holds; rejects when it does not within `deadlineMs`, which by default is as long as a
 * machine may take that has much else to do: how fast something is, is for other assertions.
 */
export async function until(condition: () => boolean | Promise<boolean>, deadlineMs = 15_000): Promise<void> {
  const deadline = Date.now() + deadlineMs
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`it did not come true within ${deadlineMs} ms: ${condition}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** Lets what is under way arrive, where a test says that nothing more comes. */
export const quiet = (forMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, forMs))
