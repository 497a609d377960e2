/* edit_text.h - what becomes of a text whose edit depends on what it says; for edit.c alone.
 */
#ifndef SOCKGUARD_HTTP_EDIT_TEXT_H
#define SOCKGUARD_HTTP_EDIT_TEXT_H

#include "http/edit.h"

enum { EDIT_TEXT_ROOM = EDIT_HELD_MAX + 64 };

/* inner: a JSON string without its quotes, as far as it is known; whole: there is no more of it.
 * True: it is replaced by the *n bytes in out (room for EDIT_TEXT_ROOM), which are no JSON yet. */
bool edit_text_changes(const struct edit_plan *plan, enum edit_kind edit, enum edit_reader reader,
                       struct str inner, bool whole, char *out, size_t *n);

#endif
