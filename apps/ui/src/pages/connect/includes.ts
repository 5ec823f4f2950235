/** A file or folder that a changelog takes in. */
export interface Include {
  path: string
  isFolder: boolean
}

/** Joins a path to the folder of the file that names it; steps upwards are taken. */
function joined(base: string, path: string): string {
  const parts: string[] = []
  for (const part of `${base}/${path}`.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '.' && part !== '') parts.push(part)
  }
  return parts.join('/')
}

function isTrue(text: string | undefined): boolean {
  return /^["']?true["']?$/i.test((text ?? '').trim())
}

function unquoted(text: string): string {
  return text.trim().replace(/^(["'])(.*)\1$/, '$2')
}

/**
 * What a root changelog includes, as far as its text says so plainly: YAML, XML and JSON. Files in formatted SQL include
 * nothing. A delegate reads the whole graph when it looks at the database; this tells a wrong path earlier.
 */
export function includesOf(content: string, path: string): Include[] {
  const folder = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : ''
  const resolve = (target: string, isRelative: boolean, isFolder: boolean): Include => {
    const plain = target.replace(/^(classpath\*?:|file:)\/*/, '')
    return { path: joined(isRelative ? folder : '', plain), isFolder }
  }
  if (/\.xml$/i.test(path)) {
    return [...content.replaceAll(/<!--[\s\S]*?-->/g, '').matchAll(/<(include|includeAll)\b([^>]*)>/g)].flatMap(
      ([, tag, attributes = '']) => {
        const isFolder = tag === 'includeAll'
        const target = new RegExp(`\\b${isFolder ? 'path' : 'file'}\\s*=\\s*["']([^"']+)["']`).exec(attributes)?.[1]
        const relative = /\brelativeToChangelogFile\s*=\s*["']([^"']+)["']/.exec(attributes)?.[1]
        return target === undefined ? [] : [resolve(target, isTrue(relative), isFolder)]
      },
    )
  }
  if (/\.(ya?ml|json)$/i.test(path)) {
    // A key "include" or "includeAll", with what belongs to it up to the next entry of the list.
    const text = content.replaceAll(/^\s*#.*$/gm, '')
    return [
      ...text.matchAll(
        /["']?\b(include|includeAll)\b["']?\s*:([\s\S]*?)(?=\n\s*-\s|["']?\binclude(?:All)?\b["']?\s*:|$(?![\s\S]))/g,
      ),
    ].flatMap(([, tag, body = '']) => {
      const isFolder = tag === 'includeAll'
      const target = new RegExp(`["']?\\b${isFolder ? 'path' : 'file'}["']?\\s*:\\s*("[^"]*"|'[^']*'|[^\\s,}#]+)`).exec(
        body,
      )?.[1]
      const relative = /["']?\brelativeToChangelogFile["']?\s*:\s*([^\s,}]+)/.exec(body)?.[1]
      return target === undefined ? [] : [resolve(unquoted(target), isTrue(relative), isFolder)]
    })
  }
  return []
}
