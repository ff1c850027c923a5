import type { Spec } from '../../rows.ts'
import { find, findNamed } from '../dom/find.ts'
import { numberOr, onSubmit } from '../forms/on-submit.ts'
import { clearProblem } from '../forms/show-problem.ts'

/** The dialog that adds a device, opened by its button; `added` gets the id of each that was. */
export function addDevice(spec: Spec, added: (id: string) => void): void {
  const dialog = find(document, '[data-testid="add-dialog"]', HTMLDialogElement)
  const form = find(dialog, 'form', HTMLFormElement)
  findNamed('add-device').addEventListener('click', () => {
    clearProblem(form)
    dialog.showModal()
  })
  findNamed('add-cancel').addEventListener('click', () => dialog.close())
  onSubmit(form, async ({ id = '', name = '', kind = '', site = '', threshold = '' }) => {
    const device = await spec.create('devices', { id, name, kind, site, threshold: numberOr(threshold) })
    form.reset()
    dialog.close()
    added(device.id)
  })
}
