import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { freePort, startPostgres } from '@sluice/local-servers'
import { makeTestCa, startGitServer, type GitRepository } from '@sluice/testing'
import { Client } from 'pg'
import { removeDataFolder } from '../machine/remove-data-folder.ts'

export interface ShopDatabase {
  jdbcUrl: string
  username: string
  password: string
}

/** What the customer owns: a Postgres of their own, and a git host over HTTPS with a changelog. */
export interface Shop {
  folder: string
  /** Certificate authority of the git host. */
  gitCaFile: string
  repository: GitRepository
  /** The same files as in the repository, for a tool that reads a folder. */
  workFolder: string
  changelogFile: string
  createDatabase(name: string): Promise<ShopDatabase>
  /** Commits one more changeset. */
  addChangeset(): Promise<void>
  dispose(): Promise<void>
}

/** Folder of Sluice's own data beside the shop's. */
export const DATA = 'sluice'

const CHANGELOG = 'db/changelog.yaml'

/** Starts both on this machine, in a temporary folder. */
export async function openShop(): Promise<Shop> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'))
  await chmod(folder, 0o711)
  const ca = await makeTestCa()
  const git = await startGitServer(ca)
  const postgres = await startPostgres({
    folder: join(folder, 'customer'),
    port: await freePort(),
    password: 'customer superuser',
    logFile: join(folder, 'customer.log'),
  })
  const workFolder = join(folder, 'work')
  let changesets = 3
  const files = (): Record<string, string> => ({
    [CHANGELOG]: 'databaseChangeLog:\n  - include: { file: tables.sql, relativeToChangelogFile: true }\n',
    'db/tables.sql': `--liquibase formatted sql\n${Array.from({ length: changesets }, (_, index) => changeset(index)).join('')}`,
  })
  const save = async (): Promise<void> => {
    for (const [path, text] of Object.entries(files())) {
      await mkdir(dirname(join(workFolder, path)), { recursive: true })
      await writeFile(join(workFolder, path), text)
    }
  }
  await save()
  const repository = await git.createRepository('shop-db', files())
  return {
    folder,
    gitCaFile: ca.caFile,
    repository,
    workFolder,
    changelogFile: CHANGELOG,
    createDatabase: async (name) => {
      const password = `password of ${name}`
      const client = new Client({ connectionString: postgres.url })
      await client.connect()
      try {
        await client.query(`create role ${name} login password '${password}'`)
        await client.query(`create database ${name} owner ${name}`)
      } finally {
        await client.end()
      }
      const { port } = new URL(postgres.url)
      return { jdbcUrl: `jdbc:postgresql://127.0.0.1:${port}/${name}`, username: name, password }
    },
    addChangeset: async () => {
      changesets += 1
      await save()
      await repository.commit(files())
    },
    dispose: async () => {
      await postgres.stop()
      await git.dispose()
      await ca.dispose()
      await removeDataFolder(join(folder, DATA))
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function changeset(index: number): string {
  return `
--changeset bench:table-${index}
create table thing_${index} (id bigint primary key, name text not null, made_at timestamptz default now());
`
}
