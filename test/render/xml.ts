import {expect} from 'vitest'

export type Element = {name: string; attributes: Record<string, string>; children: Element[]; text: string}

const NAME = '[A-Za-z_][A-Za-z0-9._-]*'
const VALUE = '"(?:[^<&"]|&(?:amp|lt|gt|quot|apos);)*"'

/** Reads the XML that is written here, strictly: whatever is not well-formed, or no character of XML 1.0, fails. */
export function parseXml(text: string): Element {
  expect(text).not.toMatch(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u)
  const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n'
  expect(text.startsWith(declaration)).toBe(true)
  const token = new RegExp(
    `<(/?)(${NAME})((?:\\s+${NAME}=${VALUE})*)\\s*(/?)>|((?:[^<&]|&(?:amp|lt|gt|quot|apos);)+)`,
    'uy',
  )
  token.lastIndex = declaration.length
  const root: Element = {name: '', attributes: {}, children: [], text: ''}
  const open = [root]
  while (token.lastIndex < text.length) {
    const at = token.lastIndex
    const found = token.exec(text)
    if (!found) throw new Error(`not well-formed at ${JSON.stringify(text.slice(at, at + 80))}`)
    const [, isEnd, name, attributes, isEmpty, characters] = found
    const parent = open.at(-1)!
    if (characters !== undefined) {
      expect(characters).not.toContain(']]>')
      parent.text += decode(characters)
    } else if (isEnd) {
      expect(open.pop()!.name).toBe(name)
    } else {
      const element = {name: name!, attributes: attributesOf(attributes!), children: [], text: ''}
      parent.children.push(element)
      if (!isEmpty) open.push(element)
    }
  }
  expect(open).toEqual([root])
  expect(root.children).toHaveLength(1)
  return root.children[0]!
}

function attributesOf(text: string): Record<string, string> {
  const found = [...text.matchAll(new RegExp(`(${NAME})=(${VALUE})`, 'gu'))]
  expect(new Set(found.map(([, name]) => name)).size).toBe(found.length)
  return Object.fromEntries(found.map(([, name, value]) => [name, decode(value!.slice(1, -1))]))
}

const CHARACTERS: Record<string, string> = {amp: '&', lt: '<', gt: '>', quot: '"', apos: "'"}
const decode = (text: string) => text.replace(/&(\w+);/g, (_, name) => CHARACTERS[name]!)
