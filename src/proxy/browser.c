/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/browser.h"

#include <arpa/inet.h>

static bool is_address(struct str host, int family)
{
    char text[INET6_ADDRSTRLEN];
    unsigned char address[16];
    if (host.n >= sizeof text || memchr(host.p, '\0', host.n))
        return false;
    memcpy(text, host.p, host.n);
    text[host.n] = '\0';
    return inet_pton(family, text, address) == 1;
}

static bool is_port(struct str s)
{
    uint64_t port;
    return s.n == 0 ||
           (s.p[0] == ':' && (s.n == 1 || decimal_parse(str_skip(s, 1), 65535, &port) == 0));
}

static bool host_is_ours(struct str value, const char *const *names, size_t n)
{
    if (value.n && value.p[0] == '[') {
        const char *end = memchr(value.p, ']', value.n);
        const size_t length = end ? (size_t)(end - value.p) : 0;
        return end && is_port(str_skip(value, length + 1)) &&
               is_address((struct str){value.p + 1, length - 1}, AF_INET6);
    }
    const char *colon = value.n ? memchr(value.p, ':', value.n) : NULL;
    const struct str host = {value.p, colon ? (size_t)(colon - value.p) : value.n};
    if (!is_port(str_skip(value, host.n)))
        return false;
    if (str_eq_nocase(host, STR("localhost")) || is_address(host, AF_INET))
        return true;
    for (size_t i = 0; i < n; i++)
        if (host.n && str_eq_nocase(host, str_of(names[i])))
            return true;
    return false;
}

bool browser_free(const struct head *h, const char *const *names, size_t n)
{
    if (h->at[FIELD_ORIGIN])
        return false;
    return !h->at[FIELD_HOST] || host_is_ours(head_field(h, FIELD_HOST), names, n);
}
