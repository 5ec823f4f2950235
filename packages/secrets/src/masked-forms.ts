/** Lines of a secret from this length on are masked by themselves too. */
const MIN_LINE_LENGTH = 3

const encoder = new TextEncoder()

/**
 * The ways a value shows up in text: as it is, its lines, and the JSON, SQL, HTML, URL, hex and base64 forms.
 * Base64 comes in three alignments, because the value may stand anywhere in what was encoded; characters that
 * also depend on a neighbour's bits are left out.
 */
export function maskedForms(value: string): string[] {
  const forms = new Set<string>()
  const add = (form: string) => {
    if (form.length >= MIN_LINE_LENGTH) forms.add(form)
  }
  const lines = value.split(/\r\n|\r|\n/).flatMap((line) => [line, line.trim()])
  for (const text of [value, ...lines]) {
    if (text.length < MIN_LINE_LENGTH) continue
    add(text)
    for (const form of jsonForms(text)) {
      add(form)
      // JSON as a text within JSON is common: a message body in a log line, a document in a column.
      for (const again of jsonForms(form)) add(again)
    }
    for (const form of urlForms(text)) add(form)
    for (const form of quotedForms(text)) add(form)
  }
  for (const form of hexForms(encoder.encode(value))) add(form)
  for (const form of base64Forms(encoder.encode(value))) add(form)
  return [...forms]
}

function jsonForms(text: string): string[] {
  const inner = JSON.stringify(text).slice(1, -1)
  // Some encoders escape the slash, and some everything that isn't ASCII.
  const ascii = inner.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
  return [inner, inner.replaceAll('/', '\\/'), ascii, ascii.replaceAll('/', '\\/')]
}

/** Inside an SQL literal (with and without backslash escapes), and in HTML or XML. */
function quotedForms(text: string): string[] {
  const sql = text.replaceAll("'", "''")
  const html = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  const attribute = html.replaceAll('"', '&quot;')
  return [sql, sql.replaceAll('\\', '\\\\'), html, attribute, attribute.replaceAll("'", '&#39;')]
}

function hexForms(bytes: Uint8Array): string[] {
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return [hex, hex.toUpperCase()]
}

function urlForms(text: string): string[] {
  // A lone surrogate can't be encoded, and `encodeURIComponent` throws on it.
  const component = encodeURIComponent(text.toWellFormed())
  const strict = component.replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
  const form = strict.replaceAll('%20', '+')
  const whole = encodeURI(text.toWellFormed())
  return [component, strict, form, whole].flatMap((one) => [one, lowerHex(one)])
}

function lowerHex(text: string): string {
  return text.replace(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase())
}

function base64Forms(bytes: Uint8Array): string[] {
  const forms = [0, 1, 2].map((offset) => {
    const shifted = new Uint8Array(offset + bytes.length)
    shifted.set(bytes, offset)
    const text = base64(shifted)
    const begin = Math.ceil((offset * 8) / 6)
    const end = Math.floor(((offset + bytes.length) * 8) / 6)
    return text.slice(begin, end)
  })
  // The value encoded by itself has its last bits and its padding too.
  const whole = base64(bytes)
  forms.push(whole, whole.replace(/=+$/, ''))
  return forms.flatMap((form) => [form, form.replaceAll('+', '-').replaceAll('/', '_')])
}

function base64(bytes: Uint8Array): string {
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary)
}
