/** What becomes of a parameter of a JDBC URL. */
export type ParameterRule =
  | { kind: 'mapped'; how: string }
  /** Means something to the Java driver only; left out, with a notice. */
  | { kind: 'noEffect' }
  | { kind: 'refused'; why: string }

const mapped = (how: string): ParameterRule => ({ kind: 'mapped', how })
const noEffect: ParameterRule = { kind: 'noEffect' }
const refused = (why: string): ParameterRule => ({ kind: 'refused', why })

const CREDENTIALS = refused(
  'credentials never stand in a URL, where logs and lists show them. Put them into the connector',
)
const LOADS_CODE = refused('it names a Java class to load and run')
const READS_AUTHORITY = refused(
  'it names a file on the machine that connects, and connectors hold no authority of your own yet. sslmode=require encrypts without checking the certificate, sslmode=verify-full trusts public authorities',
)
const READS_CERTIFICATE = refused(
  'it names a file on the machine that connects, and connectors hold no client certificate yet. Log in with a user name and a password',
)

/**
 * Parameters of the Postgres JDBC driver (documented at jdbc.postgresql.org). A name that is in no list is refused, so
 * that nothing which changes what runs is dropped in silence.
 */
export const POSTGRES_PARAMETERS: Readonly<Record<string, ParameterRule>> = {
  currentSchema: mapped('search_path of the session'),
  sslmode: mapped('TLS: disable, allow, prefer, require, verify-ca, verify-full, as JDBC means them'),
  ssl: mapped('TLS: true is sslmode=verify-full'),
  options: mapped('start-up options of the session'),
  ApplicationName: mapped('shown beside the attempt in application_name'),
  connectTimeout: mapped('seconds for each address'),
  loginTimeout: mapped('seconds for the whole connecting'),
  targetServerType: mapped('any, primary or master: which of several hosts will do'),
  tcpKeepAlive: mapped('keeps idle connections alive'),
  readOnly: mapped('every transaction of the session is read-only'),
  user: CREDENTIALS,
  password: CREDENTIALS,
  socketFactory: LOADS_CODE,
  socketFactoryArg: LOADS_CODE,
  sslfactory: LOADS_CODE,
  sslfactoryarg: LOADS_CODE,
  sslhostnameverifier: LOADS_CODE,
  sslpasswordcallback: LOADS_CODE,
  authenticationPluginClassName: LOADS_CODE,
  xmlFactoryFactory: LOADS_CODE,
  service: refused('it reads a file on the machine that connects. Put host, port and database into the URL'),
  sslcert: READS_CERTIFICATE,
  sslkey: READS_CERTIFICATE,
  sslrootcert: READS_AUTHORITY,
  sslpassword: CREDENTIALS,
  loggerFile: refused('it writes a file on the machine that connects'),
  localSocketAddress: refused('the address to connect from is the delegate owner’s to choose'),
  gssEncMode: noEffect,
  gsslib: noEffect,
  jaasLogin: noEffect,
  jaasApplicationName: noEffect,
  kerberosServerName: noEffect,
  useSpnego: noEffect,
  sspiServiceClass: noEffect,
  loggerLevel: noEffect,
  prepareThreshold: noEffect,
  preparedStatementCacheQueries: noEffect,
  preparedStatementCacheSizeMiB: noEffect,
  preferQueryMode: noEffect,
  defaultRowFetchSize: noEffect,
  binaryTransfer: noEffect,
  binaryTransferEnable: noEffect,
  binaryTransferDisable: noEffect,
  databaseMetadataCacheFields: noEffect,
  databaseMetadataCacheFieldsMiB: noEffect,
  reWriteBatchedInserts: noEffect,
  stringtype: noEffect,
  socketTimeout: noEffect,
  cancelSignalTimeout: noEffect,
  receiveBufferSize: noEffect,
  sendBufferSize: noEffect,
  maxSendBufferSize: noEffect,
  maxResultBuffer: noEffect,
  assumeMinServerVersion: noEffect,
  allowEncodingChanges: noEffect,
  logUnclosedConnections: noEffect,
  logServerErrorDetail: noEffect,
  autosave: noEffect,
  cleanupSavepoints: noEffect,
  channelBinding: noEffect,
  columnSanitiser: noEffect,
  disableColumnSanitiser: noEffect,
  adaptiveFetch: noEffect,
  adaptiveFetchMinimum: noEffect,
  adaptiveFetchMaximum: noEffect,
  escapeSyntaxCallMode: noEffect,
  groupStartupParameters: noEffect,
  hideUnprivilegedObjects: noEffect,
  hostRecheckSeconds: noEffect,
  loadBalanceHosts: noEffect,
  quoteReturningIdentifiers: noEffect,
  readOnlyMode: noEffect,
  replication: refused('a replication connection runs no ordinary SQL'),
  sslNegotiation: noEffect,
  sslResponseTimeout: noEffect,
  tcpNoDelay: noEffect,
  unknownLength: noEffect,
  compatible: noEffect,
  protocolVersion: noEffect,
}
