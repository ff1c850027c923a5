import { element } from '../dom/element.ts'

const NAME = /"(?:[^"\\]|\\.)*"(?=\s*:)/g

/** JSON text with its names set apart from its values. */
export function tintedJson(json: string): DocumentFragment {
  const tinted = document.createDocumentFragment()
  let from = 0
  for (const name of json.matchAll(NAME)) {
    tinted.append(json.slice(from, name.index), element('i', {}, name[0]))
    from = name.index + name[0].length
  }
  tinted.append(json.slice(from))
  return tinted
}
