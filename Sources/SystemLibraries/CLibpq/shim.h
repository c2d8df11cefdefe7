#include <libpq-fe.h>

/* PG_DIAG_SQLSTATE is a macro of a character, which Swift does not see. */
static inline const char *stoa_pq_sqlstate(const PGresult *result) {
    return PQresultErrorField(result, PG_DIAG_SQLSTATE);
}

/* Notices go to standard error unless somebody takes them; nobody needs them. */
static inline void stoa_pq_drop_notice(void *context, const char *message) {
    (void)context;
    (void)message;
}

static inline void stoa_pq_silence(PGconn *connection) {
    PQsetNoticeProcessor(connection, stoa_pq_drop_notice, NULL);
}
