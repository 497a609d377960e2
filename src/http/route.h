/* route.h - the engine's routes: what each one is to us.
 *
 * The table is routes.def, made from the engine's own API (Docker 20.10 to 29,
 * API to 1.56) plus libpod's prefix. A path that is in no row is unknown: rules decide
 * about it, nothing judges it, and the engine answers 404.
 */
#ifndef SOCKGUARD_HTTP_ROUTE_H
#define SOCKGUARD_HTTP_ROUTE_H

#include "http/head.h"

/* What has an inspector of its own in the reference. SURFACE_NONE: nothing of the
 * request but method and path is judged. */
#define SURFACES(X)                                                                                \
    X(NONE, "none")                                                                                \
    X(CONTAINER_CREATE, "container_create")                                                        \
    X(CONTAINER_UPDATE, "container_update")                                                        \
    X(CONTAINER_TOP, "container_top")                                                              \
    X(CONTAINER_ARCHIVE, "container_archive")                                                      \
    X(EXEC_CREATE, "exec_create")                                                                  \
    X(EXEC_START, "exec_start")                                                                    \
    X(IMAGE_PULL, "image_pull")                                                                    \
    X(IMAGE_LOAD, "image_load")                                                                    \
    X(BUILD, "build")                                                                              \
    X(VOLUME, "volume")                                                                            \
    X(NETWORK, "network")                                                                          \
    X(SECRET, "secret")                                                                            \
    X(CONFIG, "config")                                                                            \
    X(SERVICE, "service")                                                                          \
    X(SWARM, "swarm")                                                                              \
    X(NODE, "node")                                                                                \
    X(PLUGIN, "plugin")                                                                            \
    X(BUILDKIT, "buildkit")                                                                        \
    X(LIBPOD, "libpod")

enum surface {
#define X(name, text) SURFACE_##name,
    SURFACES(X)
#undef X
        SURFACE_COUNT,
};

/* The surface's name as configuration and logs spell it. Static storage. */
struct str surface_name(enum surface s);

enum body_kind {
    BODY_ANY,     /* forwarded as it is: not judged (GET bodies, unknown routes) */
    BODY_NONE,    /* none: a non-empty one is refused */
    BODY_UNREAD,  /* the engine reads none, in which application/json may stand */
    BODY_JSON,    /* application/json */
    BODY_ARCHIVE, /* application/x-tar or none */
    BODY_IMPORT,  /* images/create: an archive where the query says fromSrc=-, else UNREAD */
};

enum deadline {
    DEADLINE_REQUEST, /* upstream.request_timeout */
    DEADLINE_PLUS_T,  /* the same plus the query's `t` seconds (stop, restart) */
    DEADLINE_NONE,    /* streams, waits and slow work */
};

struct route {
    enum method method;
    enum surface surface;
    enum body_kind body;
    enum deadline deadline;
    bool hijack;         /* the engine may answer with a raw stream */
    bool judges_query;   /* a check reads the query: unknown or repeated keys are refused */
    bool many_segments;  /* the engine's router reads this path otherwise than we do: a judged
                            or hijacked route whose id has a slash, or a version prefix of an
                            odd form. Refused. */
    const char *path;    /* the pattern, for documentation and metrics: /containers/{id}/json */
    const char *query;   /* the keys the engine reads, separated by spaces */
    const char *upgrade; /* the protocol that a hijack may switch to, "" without one */
};

/* The route of a request, by method and path without version (struct target's
 * normal). Never NULL, static storage: an unknown path gives a row with METHOD_NONE, path
 * "other", SURFACE_NONE, BODY_ANY. {id} is what the engine's router takes: one or more
 * segments for containers, images, volumes and the like. No allocation; one pass over the
 * rows of the path's first segment. */
const struct route *route_find(enum method m, struct str normal);

/* True when the engine takes the connection over without reading a body, so that what
 * follows the head is the stream's, although the head announces chunks (dockerode's attach). */
bool route_streams_at_once(const struct route *r, const struct head *h);

/* Rows of the table have the numbers 1 to route_count(); 0 is any other route. */
size_t route_count(void);
size_t route_number(const struct route *r);
/* By method name and pattern ("GET", "/containers/{id}/json"); 0: there is none. */
size_t route_number_of(struct str method, struct str path);

/* The upgrade to ask the engine for: the client's own, where the route has it; empty
 * without one. The engine heeds an Upgrade that no Connection names, as do we for tcp. */
struct str route_upgrade(const struct route *r, const struct head *h);

/* True when key is one that the route's engine handler reads. */
bool route_knows_query(const struct route *r, struct str key);

#endif
