/* SPDX-License-Identifier: Apache-2.0 */
/* edit.c - edit_bench CONFIG [CONTAINERS]: what hiding values costs on a list of so many containers
 * (default 30,000, which are 64 MiB) with that configuration, in pieces of 64 KiB as they come from
 * a socket: megabytes a second of this process's CPU, and by how many KiB it grew meanwhile. Each
 * byte that comes out is compared; fails where one is not what it should be. */
#include "base/err.h"
#include "policy/config.h"
#include "policy/redaction.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { PIECE = 64 * 1024, OUT_MAX = 4 * 1024 * 1024, ITEM_MAX = 4096, CONTAINERS = 30000 };

#define ITEM(source, mac, id, address, length)                                                     \
    "{\"Id\":\"%064zx\",\"Names\":[\"/site_web_%zu\"],\"Image\":\"registry.example/site/"          \
    "web:1.2\","                                                                                   \
    "\"ImageID\":\"sha256:d74508fb6632491cea586a1fd7d748dfc5274cd6fdfedee309ecdcbc2bf5cb82\","     \
    "\"Command\":\"/docker-entrypoint.sh nginx -g 'daemon off;'\",\"Created\":1367854155,"         \
    "\"Ports\":[{\"IP\":\"0.0.0.0\",\"PrivatePort\":80,\"PublicPort\":8080,\"Type\":\"tcp\"},"     \
    "{\"PrivatePort\":443,\"Type\":\"tcp\"}],\"Labels\":{\"com.docker.compose.config-hash\":"      \
    "\"1b7e6d2f0c3a4958b7a6f5e4d3c2b1a0998877665544332211ffeeddccbbaa00\","                        \
    "\"com.docker.compose.container-number\":\"1\",\"com.docker.compose.depends_on\":\"db,"        \
    "cache\","                                                                                     \
    "\"com.docker.compose.image\":\"sha256:d74508fb6632491cea586a1fd7d748dfc5274cd6fdfedee3\","    \
    "\"com.docker.compose.oneoff\":\"False\",\"com.docker.compose.project\":\"site\","             \
    "\"com.docker.compose.service\":\"web\",\"com.docker.compose.version\":\"2.27.0\","            \
    "\"com.docker.compose.project.config_files\":\"/srv/site/compose.yaml\","                      \
    "\"com.docker.compose.project.working_dir\":\"/srv/site\",\"com.example.note\":\"deployed by " \
    "the pipeline of the main branch; ask the site team before changing anything here\","          \
    "\"maintainer\":\"NGINX Docker Maintainers <docker-maint@nginx.com>\","                        \
    "\"org.opencontainers.image.title\":\"a caf\xc3\xa9 \\u003cb\\u003e \\\"q\\\"\","              \
    "\"traefik.enable\":\"true\",\"traefik.http.routers.web.entrypoints\":\"websecure\","          \
    "\"traefik.http.routers.web.rule\":\"Host(`www.site.example`)\","                              \
    "\"traefik.http.routers.web.tls.certresolver\":\"le\","                                        \
    "\"traefik.http.services.web.loadbalancer.server.port\":\"80\"},\"State\":\"running\","        \
    "\"Status\":\"Up 2 hours (healthy)\",\"HostConfig\":{\"NetworkMode\":\"<redacted>\"},"         \
    "\"NetworkSettings\":{\"Networks\":{\"site_default\":{\"IPAMConfig\":null,\"Links\":null,"     \
    "\"Aliases\":null,\"MacAddress\":\"" mac "\",\"DriverOpts\":null,\"NetworkID\":\"" id "\","    \
    "\"EndpointID\":\"" id "\",\"Gateway\":\"" address "\",\"IPAddress\":\"" address "\","         \
    "\"IPPrefixLen\":" length ",\"IPv6Gateway\":\"" address "\",\"GlobalIPv6Address\":\"" address  \
    "\",\"GlobalIPv6PrefixLen\":0,\"DNSNames\":null}}},\"Mounts\":[{\"Type\":\"bind\",\"Source\":" \
    "\"" source                                                                                    \
    "\",\"Destination\":\"/usr/share/nginx/html\",\"Mode\":\"ro\",\"RW\":false,\"Propagation\":"   \
    "\"rprivate\"},{\"Type\":\"volume\",\"Name\":\"site_data\",\"Source\":\"" source "\","         \
    "\"Destination\":\"/"                                                                          \
    "data\",\"Driver\":\"local\",\"Mode\":\"z\",\"RW\":true,\"Propagation\":\"\"}]}"

#define MARK "<redacted>"

static const char before[] =
    ITEM("/srv/site/static/html", "02:42:ac:12:00:05",
         "2cdc4edb1ded3631c81f57966563e5c8525b81121bb3706a9a9a3ae102711f3f", "172.18.0.5", "16");
static const char after[] = ITEM(MARK, MARK, MARK, MARK, "0");

/* A list of containers, written piece by piece. */
struct list {
    const char *format;
    size_t n, at; /* containers; which one is next */
    char item[ITEM_MAX];
    size_t length, taken; /* of the item at hand */
};

static void next_item(struct list *l)
{
    l->taken = 0;
    const size_t i = l->at++;
    l->item[0] = i == 0 ? '[' : ',';
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    l->length = 1 + (size_t)snprintf(l->item + 1, sizeof l->item - 1, l->format, i, i);
#pragma GCC diagnostic pop
    if (l->at == l->n)
        l->item[l->length++] = ']';
}

/* Up to room bytes of it; fewer only at its end. */
static size_t read_list(struct list *l, char *out, size_t room)
{
    size_t n = 0;
    while (n < room) {
        if (l->taken == l->length) {
            if (l->at == l->n)
                break;
            next_item(l);
        }
        const size_t rest = l->length - l->taken;
        const size_t some = rest < room - n ? rest : room - n;
        memcpy(out + n, l->item + l->taken, some);
        n += some;
        l->taken += some;
    }
    return n;
}

static double cpu_seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static long peak_kib(void)
{
    struct rusage r;
    (void)getrusage(RUSAGE_SELF, &r);
    return r.ru_maxrss;
}

static int measure(const struct edit_plan *plan, size_t containers)
{
    static struct list in = {.format = before}, expected = {.format = after};
    static char piece[PIECE], compared[OUT_MAX];
    struct edit e = {0};
    struct buf out;
    size_t bytes = 0;
    double seconds = 0;
    in.n = expected.n = containers;
    buf_init(&out, OUT_MAX);
    edit_start(&e, plan, EDIT_READER_ANY);
    memset(compared, 1, 2 * (size_t)PIECE); /* its pages are no growth */
    const long before_kib = peak_kib();
    for (bool last = false; !last;) {
        const size_t n = read_list(&in, piece, sizeof piece);
        last = n < sizeof piece;
        buf_clear(&out);
        const double start = cpu_seconds();
        const int rc = edit_feed(&e, (struct str){piece, n}, last, &out);
        seconds += cpu_seconds() - start;
        bytes += n;
        if (rc || read_list(&expected, compared, out.len) != out.len ||
            (out.len && memcmp(compared, out.data, out.len) != 0)) {
            (void)fprintf(stderr, "edit_bench: wrong within %zu bytes (%s)\n", bytes, e.why);
            return 1;
        }
    }
    (void)printf("%zu bytes: %.0f MB/s, %ld KiB more\n", bytes, (double)bytes / seconds / 1e6,
                 peak_kib() - before_kib);
    edit_release(&e);
    buf_release(&out);
    return expected.at == expected.n && expected.taken == expected.length ? 0 : 1;
}

static int open_redaction(struct config **config, struct redaction **r,
                          const struct config_source *source, struct err *err)
{
    const struct redaction_line *lines;
    const int rc = config_open(config, source, NULL, err);
    if (rc)
        return rc;
    const size_t n = config_redactions(*config, &lines);
    return redaction_open(r, lines, n, NULL, 0, err);
}

int main(int argc, char **argv)
{
    uint64_t containers = CONTAINERS;
    if (argc < 2 || (argc > 2 && decimal_parse(str_of(argv[2]), 1000000, &containers)) ||
        containers == 0) {
        (void)fprintf(stderr, "usage: edit_bench CONFIG [CONTAINERS]\n");
        return 2;
    }
    struct config *config = NULL;
    struct redaction *r = NULL;
    struct err err = {""};
    const struct config_source source = {
        .path = argv[1], .path_required = true, .env = (const char *const *)environ};
    int code = 1;
    if (open_redaction(&config, &r, &source, &err) == RC_OK)
        code =
            measure(redaction_plan(r, route_find(METHOD_GET, STR("/containers/json"))), containers);
    else
        (void)fprintf(stderr, "edit_bench: %s\n", err.text);
    redaction_free(r);
    config_free(config);
    return code;
}
