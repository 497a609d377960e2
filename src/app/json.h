/* json.h - members of a JSON object, as spans of its text.
 *
 * For the command line's own documents (batch lines); request bodies are read by
 * policy/body.h. Borrowed spans only; a document that is not one valid JSON object
 * is refused as a whole.
 */
#ifndef SOCKGUARD_APP_JSON_H
#define SOCKGUARD_APP_JSON_H

#include "base/buf.h"

enum { JSON_MEMBERS_MAX = 256 };

struct json_member {
    struct str name;  /* the raw inside of its quotes */
    struct str value; /* the value's text: `"x"`, `{…}`, `12` */
};

struct json_object {
    size_t n;
    struct json_member members[JSON_MEMBERS_MAX];
};

/* RC_OK, RC_SYNTAX (not one valid object) or RC_TOOBIG (more members). */
int json_object_read(struct str text, struct json_object *out);

/* The value's text; p is NULL when there is no such member or it is null. */
struct str json_member(const struct json_object *o, struct str name);

/* Appends the text of a string value, escapes resolved. RC_OK, RC_SYNTAX when value
 * is no string, or the buffer's codes. */
int json_string(struct str value, struct buf *out);

#endif
