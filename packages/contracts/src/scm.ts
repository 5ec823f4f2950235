import { z } from 'zod'
import { defineRoute } from './routes.ts'
import { RepositoryListing } from './tasks.ts'

/** Control characters, blanks and what `git check-ref-format` forbids anywhere in a name. */
// oxlint-disable-next-line no-control-regex
const FORBIDDEN_IN_REF = /[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\/\/|\/\.|\.lock(\/|$)/

/** Branch or tag name without `refs/…`; by git's own rules, so that it can never be read as an option. */
export const GitRefName = z
  .string()
  .min(1)
  .max(255)
  .refine((name) => !/^[-/.]|[/.]$|^@$/.test(name) && !FORBIDDEN_IN_REF.test(name), {
    message: 'must be the name of a branch or tag, such as main or release/1.2',
  })
export type GitRefName = z.infer<typeof GitRefName>

/** Repository over HTTPS, without user name or password. */
export const GitRepositoryUrl = z.url({ protocol: /^https$/ }).max(2048)

/** Full commit id. */
export const GitCommit = z.string().regex(/^[0-9a-f]{40,64}$/, 'must be a full commit id')

const Repository = z.object({ url: GitRepositoryUrl })
/** A branch or a tag, exactly one. */
const RefOf = {
  branch: GitRefName.optional(),
  tag: GitRefName.optional(),
}
const namesOneRef = (value: { branch?: string; tag?: string }): boolean =>
  (value.branch === undefined) !== (value.tag === undefined)
const ONE_REF = { message: 'name a branch or a tag, not both', path: ['branch'] }

/** Why the control plane can't read a repository; whoever asked leaves it to the pod in the customer's network. */
export const ScmRefusal = z.object({
  resolved: z.literal(false),
  reason: z.enum([
    /** The host wants a user name and password; this service has none. */
    'CREDENTIALS_REQUIRED',
    /** The host is in a network that this service may not call. */
    'HOST_REFUSED',
    /** No connection, or no answer in time. */
    'UNREACHABLE',
  ]),
  message: z.string(),
})
export type ScmRefusal = z.infer<typeof ScmRefusal>

export const ResolvedRef = z.discriminatedUnion('resolved', [
  z.object({
    resolved: z.literal(true),
    commit: GitCommit,
    /** Epoch ms at which the host said so; at most 30 s ago. */
    readAt: z.number().int(),
  }),
  ScmRefusal,
])
export type ResolvedRef = z.infer<typeof ResolvedRef>

/**
 * Resolves a branch or tag of a public repository to its commit; an annotated tag to the commit it stands for.
 * Called by ng-manager with `on-behalf-of`. A ref that is not there is GIT_REF_NOT_FOUND, a repository that is not there,
 * or that its host hides, GIT_FAILED; what the control plane can't read is a result: see {@link ScmRefusal}.
 */
export const resolveRef = defineRoute({
  service: 'scm-service',
  method: 'POST',
  path: '/scm/refs/resolve',
  operationId: 'resolveRef',
  summary: 'Resolve a branch or tag to a commit',
  tag: 'SCM',
  auth: 'peer',
  body: Repository.extend({
    ...RefOf,
    /** Epoch ms: only what the host said then or later will do. What was pushed before a run began belongs to it. */
    readSince: z.number().int().min(0).optional(),
  }).refine(namesOneRef, ONE_REF),
  response: ResolvedRef,
  family: 'bare',
  errors: ['URL_REFUSED', 'GIT_REF_NOT_FOUND', 'GIT_FAILED'],
})

export const ListedBranches = z.discriminatedUnion('resolved', [
  z.object({
    resolved: z.literal(true),
    branches: z.array(z.object({ name: z.string(), commit: GitCommit })),
    defaultBranch: z.string().optional(),
    /** All that match, of which `branches` is one page. */
    total: z.number().int(),
  }),
  ScmRefusal,
])
export type ListedBranches = z.infer<typeof ListedBranches>

/** Lists branches of a public repository by name. Called by ng-manager with `on-behalf-of`. */
export const listBranches = defineRoute({
  service: 'scm-service',
  method: 'POST',
  path: '/scm/branches/list',
  operationId: 'listBranches',
  summary: 'List branches of a repository',
  tag: 'SCM',
  auth: 'peer',
  body: Repository.extend({
    /** Text that the name holds. */
    searchTerm: z.string().max(255).default(''),
    page: z.number().int().min(0).max(100_000).default(0),
    size: z.number().int().min(1).max(100).default(50),
  }),
  response: ListedBranches,
  family: 'bare',
  errors: ['URL_REFUSED', 'REFERENCE_NOT_FOUND', 'GIT_FAILED'],
})

/** Largest file that is read for people to look at. */
export const SCM_FILE_MAX_BYTES = 1_048_576

export const RepositoryFile = z.discriminatedUnion('resolved', [
  z.object({
    resolved: z.literal(true),
    commit: GitCommit,
    /** Id of the file's content in git. */
    blobId: GitCommit,
    content: z.string(),
  }),
  ScmRefusal,
])
export type RepositoryFile = z.infer<typeof RepositoryFile>

export const ListedFiles = z.discriminatedUnion('resolved', [
  z.object({ resolved: z.literal(true), ...RepositoryListing.shape }),
  ScmRefusal,
])
export type ListedFiles = z.infer<typeof ListedFiles>

/** Lists a folder of a public repository at a branch or tag. Called by ng-manager with `on-behalf-of`. */
export const listRepositoryFiles = defineRoute({
  service: 'scm-service',
  method: 'POST',
  path: '/scm/files/list',
  operationId: 'listRepositoryFiles',
  summary: 'List a folder of a repository, and what below it could be a changelog',
  tag: 'SCM',
  auth: 'peer',
  body: Repository.extend({
    ...RefOf,
    path: z
      .string()
      .max(1024)
      .default('')
      .refine((path) => !path.startsWith('/') && !path.split('/').includes('..') && !path.includes('\0'), {
        message: 'must be a folder inside the repository: not absolute, without ".."',
      }),
  }).refine(namesOneRef, ONE_REF),
  response: ListedFiles,
  family: 'bare',
  errors: ['URL_REFUSED', 'GIT_REF_NOT_FOUND', 'REFERENCE_NOT_FOUND', 'GIT_FAILED'],
})

/** Reads one text file of a public repository at a branch or tag. Called by ng-manager with `on-behalf-of`. */
export const readRepositoryFile = defineRoute({
  service: 'scm-service',
  method: 'POST',
  path: '/scm/files/read',
  operationId: 'readRepositoryFile',
  summary: 'Read a file of a repository',
  tag: 'SCM',
  auth: 'peer',
  body: Repository.extend({
    ...RefOf,
    path: z
      .string()
      .min(1)
      .max(1024)
      .refine((path) => !path.startsWith('/') && !path.split('/').includes('..') && !path.includes('\0'), {
        message: 'must be a path inside the repository: not absolute, without ".."',
      }),
  }).refine(namesOneRef, ONE_REF),
  response: RepositoryFile,
  family: 'bare',
  errors: ['URL_REFUSED', 'GIT_REF_NOT_FOUND', 'REFERENCE_NOT_FOUND', 'BODY_TOO_LARGE', 'GIT_FAILED'],
})
