import { expect, test } from 'vitest'
import { parseDatabase } from './parse-database.ts'

test('a JDBC URL is taken as it is', () => {
  expect(parseDatabase('  jdbc:postgresql://db.internal:5432/shop?sslmode=require \n')).toEqual({
    url: 'jdbc:postgresql://db.internal:5432/shop?sslmode=require',
  })
})

test('user name and password leave the URL, wherever they stand', () => {
  expect(parseDatabase('jdbc:postgresql://h/db?user=ada&sslmode=require&password=p%40ss')).toEqual({
    url: 'jdbc:postgresql://h/db?sslmode=require',
    username: 'ada',
    password: 'p@ss',
  })
  expect(parseDatabase('jdbc:postgresql://h/db?password=x')).toEqual({ url: 'jdbc:postgresql://h/db', password: 'x' })
  expect(parseDatabase('jdbc:sqlserver://h:1433;databaseName=shop;user=sa;password=x')).toEqual({
    url: 'jdbc:sqlserver://h:1433;databaseName=shop',
    username: 'sa',
    password: 'x',
  })
})

test("a cloud provider's URL becomes a JDBC URL", () => {
  expect(parseDatabase('postgres://ada:p:w@d@h:5432/shop?sslmode=require')).toEqual({
    url: 'jdbc:postgresql://h:5432/shop?sslmode=require',
    username: 'ada',
    password: 'p:w@d',
  })
  expect(parseDatabase('mysql://ada@h/shop')).toEqual({ url: 'jdbc:mysql://h/shop', username: 'ada' })
})

test('a liquibase.properties is read; the driver and comments are not', () => {
  const text = `# production
changeLogFile: db/changelog/root.yaml
driver: org.postgresql.Driver
url = jdbc\\:postgresql\\://db.internal\\:5432/shop
username=shop_owner
password: s3cret=with=equals
contexts=prod
labelFilter: v1 or v2
defaultSchemaName: shop
!liquibase.hub.mode=off`

  expect(parseDatabase(text)).toEqual({
    url: 'jdbc:postgresql://db.internal:5432/shop',
    username: 'shop_owner',
    password: 's3cret=with=equals',
    changelog: 'db/changelog/root.yaml',
    contexts: 'prod',
    labels: 'v1 or v2',
    schema: 'shop',
  })
})

test('environment variables are read, exported and quoted', () => {
  const text = `export LIQUIBASE_COMMAND_URL="jdbc:postgresql://h/shop"
LIQUIBASE_COMMAND_USERNAME='ada'
LIQUIBASE_COMMAND_PASSWORD=pw
LIQUIBASE_COMMAND_CHANGELOG_FILE=./db/root.xml
PATH=/usr/bin`

  expect(parseDatabase(text)).toEqual({
    url: 'jdbc:postgresql://h/shop',
    username: 'ada',
    password: 'pw',
    changelog: 'db/root.xml',
  })
})

test('options of a command line are read, also over several lines', () => {
  const text = `liquibase update --url=jdbc:postgresql://h/shop \\
    --username ada --changelog-file "db/root.yaml"`

  expect(parseDatabase(text)).toEqual({
    url: 'jdbc:postgresql://h/shop',
    username: 'ada',
    changelog: 'db/root.yaml',
  })
})

test('a user name beside the URL wins over the one in it', () => {
  expect(parseDatabase('url: jdbc:postgresql://in:url@h/shop\nusername: beside')).toEqual({
    url: 'jdbc:postgresql://h/shop',
    username: 'beside',
    password: 'url',
  })
})

test('a placeholder is never taken for the value that it stands for', () => {
  const text = 'url=jdbc:postgresql://h/shop\nusername=ada\npassword=${DB_PASSWORD}'

  expect(parseDatabase(text)).toEqual({
    url: 'jdbc:postgresql://h/shop',
    username: 'ada',
    placeholders: ['password'],
  })
  expect(parseDatabase('url: jdbc:postgresql://${HOST}/shop\nusername: ada')).toEqual({
    username: 'ada',
    placeholders: ['url'],
  })
  expect(parseDatabase('jdbc:postgresql://h/shop?user=ada&password=${DB_PASSWORD}')).toEqual({
    url: 'jdbc:postgresql://h/shop',
    username: 'ada',
    placeholders: ['password'],
  })
  expect(parseDatabase('jdbc:postgresql://${U}:${P}@h/shop')).toEqual({ url: 'jdbc:postgresql://h/shop' })
})

test.each(['', 'hello world', 'x'.repeat(10_000), '=', ': : :', '{"url": 1}'])('text that says nothing: %#', (text) => {
  expect(parseDatabase(text)).toEqual({})
})
