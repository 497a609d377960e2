/* err.h - result codes, and a reason a person can act on.
 *
 * Functions return RC_OK (0) or a negative code and change their outputs only
 * on success. Where a fault is for the operator to mend (configuration, start),
 * the place that knows the file, the key and what was expected fills a struct
 * err; hot paths carry codes only, and their texts are in a table.
 */
#ifndef SOCKGUARD_BASE_ERR_H
#define SOCKGUARD_BASE_ERR_H

enum rc {
    RC_OK = 0,
    RC_SYNTAX = -1,  /* the bytes are not of the form asked for */
    RC_TOOBIG = -2,  /* a ceiling would be passed */
    RC_NOMEM = -3,   /* memory is used up */
    RC_INVALID = -4, /* well formed, but not allowed here; see struct err */
    RC_SYSTEM = -5,  /* the system said no; see struct err */
};

enum { ERR_TEXT_MAX = 4096 };

/* Plain value; zeroed means "no reason given". text is always NUL-terminated. */
struct err {
    char text[ERR_TEXT_MAX];
};

/* Writes the reason, cut to fit, and returns rc, so that a failing function can
 * end with `return err_set(err, RC_INVALID, ...)`. err may be NULL. */
int err_set(struct err *err, int rc, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
