/* SPDX-License-Identifier: Apache-2.0 */
#include "http/field.h"

enum { IN_NAME = 1, IN_VALUE = 2, IN_HOST = 4 };

#define V IN_VALUE
#define T (IN_NAME | IN_VALUE)
#define H (IN_VALUE | IN_HOST)
#define A (IN_NAME | IN_VALUE | IN_HOST)

/* clang-format off */
static const uint8_t classes[256] = {
    ['\t'] = V, [' '] = V,
    ['!'] = A, ['"'] = V, ['#'] = T, ['$'] = A, ['%'] = A, ['&'] = A, ['\''] = A, ['('] = H,
    [')'] = H, ['*'] = A, ['+'] = A, [','] = H, ['-'] = A, ['.'] = A, ['/'] = V,
    ['0' ... '9'] = A,
    [':'] = H, [';'] = H, ['<'] = V, ['='] = H, ['>'] = V, ['?'] = V, ['@'] = V,
    ['A' ... 'Z'] = A,
    ['['] = H, ['\\'] = V, [']'] = H, ['^'] = T, ['_'] = A, ['`'] = T,
    ['a' ... 'z'] = A,
    ['{'] = V, ['|'] = T, ['}'] = V, ['~'] = A,
    [0x80 ... 0xff] = V,
};
/* clang-format on */

#undef V
#undef T
#undef H
#undef A

static size_t span(struct str s, unsigned class)
{
    size_t n = 0;
    while (n < s.n && classes[(unsigned char)s.p[n]] & class)
        n++;
    return n;
}

size_t field_name_span(struct str s)
{
    return span(s, IN_NAME);
}

size_t field_value_span(struct str s)
{
    return span(s, IN_VALUE);
}

bool field_is_host(struct str value)
{
    return span(value, IN_HOST) == value.n;
}

/* clang-format off */
static const struct {
    const char *name;
    uint8_t n;
    uint8_t id;
} names[] = {
#define X(name, id) {name, sizeof(name) - 1, id},
    X("host", FIELD_HOST)
    X("connection", FIELD_CONNECTION)
    X("content-length", FIELD_CONTENT_LENGTH)
    X("transfer-encoding", FIELD_TRANSFER_ENCODING)
    X("content-type", FIELD_CONTENT_TYPE)
    X("content-encoding", FIELD_CONTENT_ENCODING)
    X("expect", FIELD_EXPECT)
    X("upgrade", FIELD_UPGRADE)
    X("origin", FIELD_ORIGIN)
    X("x-registry-auth", FIELD_REGISTRY_AUTH)
    X("x-registry-config", FIELD_REGISTRY_CONFIG)
    X("x-request-id", FIELD_REQUEST_ID)
    X("accept-encoding", FIELD_ACCEPT_ENCODING)
    X("date", FIELD_DATE)
    X("keep-alive", FIELD_HOP)
    X("proxy-connection", FIELD_HOP)
    X("proxy-authenticate", FIELD_HOP)
    X("proxy-authorization", FIELD_HOP)
    X("te", FIELD_HOP)
    X("trailer", FIELD_HOP)
    X("forwarded", FIELD_FORWARDED)
#undef X
};
/* clang-format on */

static bool same(struct str name, const char *lower)
{
    for (size_t i = 0; i < name.n; i++)
        if (ascii_lower(name.p[i]) != lower[i])
            return false;
    return true;
}

enum field_id field_identify(struct str name)
{
    static const char forwarded[] = "x-forwarded-";
    enum { FORWARDED = sizeof forwarded - 1 };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].n == name.n && same(name, names[i].name))
            return (enum field_id)names[i].id;
    if (name.n >= FORWARDED && same((struct str){name.p, FORWARDED}, forwarded))
        return FIELD_FORWARDED;
    return FIELD_OTHER;
}

bool field_may_repeat(enum field_id id)
{
    switch (id) {
    case FIELD_OTHER:
    case FIELD_HOP:
    case FIELD_FORWARDED:
    case FIELD_CONNECTION:
    case FIELD_ACCEPT_ENCODING:
        return true;
    default:
        return false;
    }
}
