/** Postgres channel on which a finished test is announced: `<account>/<test id>`. */
export const CONNECTION_TEST_CHANNEL = 'ng_connection_test'
