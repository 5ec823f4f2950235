/**
 * A path as changelogs write it, made canonical as Liquibase does before it compares: no `classpath:`, no drive letter,
 * no leading `/`, forward slashes, `.` and `..` resolved.
 * @returns undefined when it leads out of the sources.
 */
export function normalisePath(path: string): string | undefined {
  const plain = path
    .trim()
    .replaceAll('\\', '/')
    .replace(/^classpath\*?:/i, '')
    .replace(/^[A-Za-z]:(?=\/)/, '')
  const parts: string[] = []
  for (const part of plain.split('/')) {
    if (part === '' || part === '.') continue
    if (part !== '..') parts.push(part)
    else if (parts.pop() === undefined) return undefined
  }
  return parts.join('/')
}

/** A path that a file names: from the root of the sources, or relative to the file's folder. */
export function resolvePath(file: string, path: string, relativeToFile: boolean): string | undefined {
  if (!relativeToFile) return normalisePath(path)
  const folder = file.includes('/') ? file.slice(0, file.lastIndexOf('/') + 1) : ''
  return normalisePath(folder + path)
}
