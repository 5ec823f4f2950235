import type { ListedBranches } from '@sluice/contracts/scm'
import type { Git, GitReader } from '../git/git-reader.ts'
import { listRemoteRefs } from '../git/read-refs.ts'

const HEADS = 'refs/heads/'

export interface ListBranchesInput {
  url: string
  searchTerm: string
  page: number
  size: number
}

/** One page of a repository's branches by name, and its default branch. */
export async function listRemoteBranches(reader: GitReader, input: ListBranchesInput): Promise<ListedBranches> {
  return reader.read(input.url, async (git, url): Promise<ListedBranches> => {
    const [refs, defaultBranch] = [await listRemoteRefs(git, url, [`${HEADS}*`]), await readDefaultBranch(git, url)]
    const wanted = input.searchTerm.toLowerCase()
    const branches = refs
      .filter(({ name }) => name.startsWith(HEADS))
      .map(({ name, commit }) => ({ name: name.slice(HEADS.length), commit }))
      .filter(({ name }) => name.toLowerCase().includes(wanted))
      .toSorted((one, other) => one.name.localeCompare(other.name, 'en'))
    const start = input.page * input.size
    return {
      resolved: true,
      branches: branches.slice(start, start + input.size),
      defaultBranch,
      total: branches.length,
    }
  })
}

async function readDefaultBranch(git: Git, url: string): Promise<string | undefined> {
  const output = (await git(['ls-remote', '--symref', '--', url, 'HEAD'])).toString()
  return /^ref: refs\/heads\/(\S+)\tHEAD$/m.exec(output)?.[1]
}
