import { tryItLine } from '../../try-it-line.ts'
import { findNamed } from '../dom/find.ts'

/** Shows the shell command that asks this server for its devices, with a button that copies it. */
export function showTryIt(mqtt: { readonly host: string; readonly port: number }, signal: AbortSignal): void {
  const line = tryItLine(mqtt)
  const button = findNamed('copy')
  findNamed('try-it').textContent = line
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(line)
      button.textContent = 'Copied'
    } catch {
      // A page that is not on localhost or https may not touch the clipboard.
      button.textContent = 'Select and copy'
    }
  }
  button.addEventListener('click', () => void copy(), { signal })
}
