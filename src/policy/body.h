/* body.h - JSON documents read as the engine reads them, into Lua values.
 *
 * A schema (lua/schema/<surface>.lua) says which members a record has and of what
 * kind; it is compiled once into a flat table that drives the reader. Only values
 * that a check reads are made, each in a numbered slot. Everything else is checked
 * for syntax and type and stepped over.
 *
 * The engine's reading: a member's name selects a field if equal, or equal under
 * simple case folding (ASCII, U+017F, U+212A) after its escapes are resolved; keys
 * of maps are data and stay as they are. null and absent are nil; an empty list is
 * an empty table (nil in a document that is zero_is_absent, see below); a null element
 * is the zero value of its kind; integers are exact.
 * What two readers could read differently is ambiguous and never judged: repeated
 * members (in a record also when equal only under folding; in maps and in values
 * stepped over when equal byte for byte), text behind the value, byte order mark,
 * invalid UTF-8, lone surrogates, NUL.
 *
 * Ceilings: depth (TOKEN_DEPTH_MAX), members and elements (BODY_NODES_MAX). Time is
 * linear in the text, whatever it holds.
 */
#ifndef SOCKGUARD_POLICY_BODY_H
#define SOCKGUARD_POLICY_BODY_H

#include "base/str.h"

#include <lua.h>

enum {
    BODY_SLOTS_MAX = 192,   /* values that checks read, engine readings included */
    BODY_NODES_MAX = 65536, /* members and elements in one document */
    BODY_UNKNOWN_MAX = 8,   /* unknown members that are reported by name */
    BODY_NAME_MAX = 96,
};

struct schema;

/* schema_new outside Lua, then schema_load inside a vm_call body (it may raise; the
 * caller still owns the schema and frees it). RC codes are not used here: NULL is
 * out of memory. */
struct schema *schema_new(void);
void schema_free(struct schema *s); /* NULL is fine */

/* Compiles the Lua table at index `schema` (see lua/core/schema.lua for its form);
 * `slots` is the index of a list of member paths such as "HostConfig.Privileged":
 * entry i is read into slot i (1-based). An empty string is a slot that something
 * else fills. Once per schema.
 *
 * Raises a message for the developer on a path that is no member (paths lead through
 * records, not into lists or maps), is harmless, is there twice, or lies inside a record
 * that has a slot itself, and on a table that is no schema. */
void schema_load(lua_State *L, struct schema *s, int schema, int slots);

enum body_verdict {
    BODY_VERDICT_NONE, /* not read */
    BODY_MALFORMED,    /* not JSON, or a member of the wrong type */
    BODY_AMBIGUOUS_TEXT,
    BODY_READ,
};

struct body_report {
    enum body_verdict verdict;
    size_t offset;                         /* of what was wrong */
    char what[BODY_NAME_MAX * 2];          /* and a sentence about it, for logs and replies */
    uint64_t present[BODY_SLOTS_MAX / 64]; /* bit i-1: slot i has a value that is not null */
    size_t unknown_count;                  /* unknown members whose value is not a zero value */
    /* The first of them, as paths: printable ASCII, cut to fit, [] for a place in a list
     * or a map: "HostConfig.Mounts[].Foo". */
    char unknown[BODY_UNKNOWN_MAX][BODY_NAME_MAX];
};

static inline void body_set_present(struct body_report *r, int slot)
{
    r->present[(slot - 1) / 64] |= UINT64_C(1) << (slot - 1) % 64;
}

static inline bool body_is_present(const struct body_report *r, int slot)
{
    return r->present[(slot - 1) / 64] >> (slot - 1) % 64 & 1;
}

/* What a slot holds, by the member's kind, when the member is there: it is not when it is
 * null, nor, in a document that is zero_is_absent, when it is false, 0, "", [] or {} (but
 * for a member that keeps_zero).
 *   bool, string, int     boolean, string, integer
 *   strings               list of strings; list_of_strings: list of those
 *   string_map            table, key to string; any_map: key to true
 *   command               string, or list of strings
 *   record                table of its judged members by their names, each by this list
 *   records               list of such tables ({} for null)
 *   record_map            key to such a table (false for null)
 *   records_map           key to a list of such tables
 *   presence              an exact integer as such, null as false, all else as true: for
 *                         what is judged by being there
 * A member that is loose may be of any other kind too, and is false then: for what only
 * the engine refuses. Of both, null is a value, but for what is zero_is_absent. The slot "*"
 * holds the whole document as a record.
 * Members that have no slot are checked for syntax and type all the same.
 *
 * A document that is lenient (an engine's own answer) may have unknown and repeated
 * members: of repeated ones the last one counts. Text that is ambiguous in any other way
 * makes it malformed.
 *
 * Reads text; the value of slot i is left at stack position base + i. The caller
 * has made base + (number of slots) the top of a stack with room for 32 more,
 * filled with nil. May raise (memory); *report is then undefined. */
void body_read_document(lua_State *L, const struct schema *s, struct str text, int base,
                        struct body_report *report);

#endif
