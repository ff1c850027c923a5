/** How long one turn of the event loop may go on with it. What it sends is written in the same turn, on top of that. */
const SLICE_MS = 8
/** Steps between two looks at the clock. */
const STEPS = 32
/** With so many jobs waiting turns are twice as long, with twice as many three times: then who makes them waits too. */
const CROWD = 64

interface Job {
  readonly steps: Iterator<unknown>
  isDone: boolean
  done: () => void
}

/**
 * Work that goes on for as long as a turn of the event loop allows, and in the next turn from there, so that others have
 * theirs in between. Jobs are done one after the other; one that is short, with none before it, is done at once.
 */
export class SlicedWork {
  readonly #failed: (error: unknown) => void
  #jobs: Job[] = []
  #last: Promise<void> | undefined
  #next: NodeJS.Immediate | undefined
  #isRunning = false

  /** `failed` is told what a job throws; the next one goes on. */
  constructor(failed: (error: unknown) => void) {
    this.#failed = failed
  }

  /** Adds a job. Returns nothing when it is done already, else resolves when it is, or was dropped by `stop`. */
  add(steps: Iterator<unknown>): Promise<void> | undefined {
    const job: Job = { steps, isDone: false, done: () => {} }
    this.#jobs.push(job)
    if (!this.#next && !this.#isRunning) this.#run()
    if (job.isDone) return undefined
    this.#last = new Promise((resolve) => {
      job.done = resolve
    })
    return this.#last
  }

  /** Resolves when all is done that there is now. */
  async idle(): Promise<void> {
    if (this.#jobs.length > 0) await this.#last
  }

  /** Drops what is left. */
  stop(): void {
    clearImmediate(this.#next)
    this.#next = undefined
    for (const { done } of this.#jobs) done()
    this.#jobs = []
  }

  #run(): void {
    this.#isRunning = true
    const endsAt = performance.now() + SLICE_MS * (1 + Math.floor(this.#jobs.length / CROWD))
    let done = 0
    for (const job of this.#jobs) {
      this.#goOn(job, endsAt)
      if (job.isDone) done++
      if (!job.isDone || performance.now() >= endsAt) break
    }
    this.#jobs = this.#jobs.slice(done)
    this.#isRunning = false
    if (this.#jobs.length === 0) return
    this.#next = setImmediate(() => {
      this.#next = undefined
      this.#run()
    })
  }

  /** Goes on with a job until it is done, or the time is up. */
  #goOn(job: Job, endsAt: number): void {
    try {
      do {
        for (let step = 0; step < STEPS && !job.isDone; step++) job.isDone = job.steps.next().done === true
      } while (!job.isDone && performance.now() < endsAt)
    } catch (error) {
      job.isDone = true
      this.#failed(error)
    }
    if (job.isDone) job.done()
  }
}
