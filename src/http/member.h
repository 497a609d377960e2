/* member.h - one string member of a small JSON document.
 *
 * For documents that are not bodies, such as what a registry header holds. The member's
 * name is found as the engine finds it: equal, or equal under simple case folding, after
 * its escapes are resolved.
 */
#ifndef SOCKGUARD_HTTP_MEMBER_H
#define SOCKGUARD_HTTP_MEMBER_H

#include "base/str.h"

enum { MEMBER_NAME_MAX = 64 };

struct member {
    bool found;      /* there, and not null */
    bool escaped;    /* text has escapes: token_unescape resolves them */
    struct str text; /* without its quotes; borrowed from the document */
};

/* RC_OK and *out; or RC_SYNTAX: json is not one strictly valid object or null (token.h),
 * or the member is neither a string nor null, or is there twice. Other members may hold
 * anything. name has at most MEMBER_NAME_MAX bytes of ASCII. */
int member_find(struct str json, struct str name, struct member *out);

#endif
