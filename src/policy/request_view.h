/* request_view.h - the read-only request that an operators' rule is given.
 *
 *   method target path version surface      texts; target as sent, path cleaned and without the
 *                                           version, which is "" where none was given
 *   parts                 the path's segments
 *   query                 key to value; of a repeated key the first, as the engine takes it
 *   headers               lower-case name to value; of a secret one "(hidden)"
 *   client                { uid, gid, pid } of a unix socket's peer, { address } of a TCP one
 *   settings              all settings, nested as in YAML
 *   body readings facts   what the rule names in its `reads`, by that name; of `body` and `facts`
 *                         the records on the way are always there
 *
 * Made once for a rule, when the policy opens: what differs from request to request is fetched
 * when it is read. Tables in it are views (frozen.h). Reading a member of body that the rule does
 * not name is an error, and so is a member that no request has.
 */
#ifndef SOCKGUARD_POLICY_REQUEST_VIEW_H
#define SOCKGUARD_POLICY_REQUEST_VIEW_H

#include "policy/judge.h"

/* Inside a vm_call, once per VM: p is the policy whose judgements the views will show, and the
 * nested settings are at index. */
void request_view_open(lua_State *L, struct policy *p, int settings);

/* Pushes a view made from the table at index, { body, readings, facts }: each a tree by names
 * whose leaves are a slot's number, or "slot.Name.Name" for what is inside of it. body may be a
 * number itself: the slot with the whole of it. */
void request_view_push(lua_State *L, int index);

/* Inside a judgement: shows what is in the slots of the stack that rules read, in place of the last
 * request's. Again after slots have been filled. */
void request_view_show(lua_State *L, const struct judge *j);

#endif
