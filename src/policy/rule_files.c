/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/rule_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int refuse(struct err *err, const char *path, const char *why)
{
    return err_set(err, RC_INVALID, "lua.rules: %s: %s", path, why);
}

/* At most max bytes of an open file; *n is how many. NULL: no memory, or not readable. */
static char *read_up_to(int fd, size_t max, size_t *n)
{
    char *text = malloc(max);
    *n = 0;
    while (text && *n < max) {
        const ssize_t got = read(fd, text + *n, max - *n);
        if (got == 0)
            break;
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            free(text);
            return NULL;
        }
        *n += (size_t)got;
    }
    return text;
}

/* Takes path over. */
static int read_file(struct rule_files *out, char *path, struct err *err)
{
    if (out->n == RULE_FILES_MAX) {
        const int rc = refuse(err, path, "more than 256 rule files");
        free(path);
        return rc;
    }
    struct rule_file *f = &out->files[out->n++];
    *f = (struct rule_file){.path = path};
    struct stat about;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return refuse(err, path, strerror(errno));
    int rc = RC_OK;
    if (fstat(fd, &about) || !S_ISREG(about.st_mode))
        rc = refuse(err, path, "is neither a file nor a folder");
    if (!rc)
        f->text.p = read_up_to(fd, RULE_FILE_SIZE_MAX + 1, &f->text.n);
    if (!rc && !f->text.p)
        rc = refuse(err, path, strerror(errno));
    if (!rc && f->text.n > RULE_FILE_SIZE_MAX)
        rc = refuse(err, path, "is larger than 256 KiB");
    (void)close(fd);
    return rc;
}

static int is_rule_file(const struct dirent *entry)
{
    const struct str name = str_of(entry->d_name);
    return name.n > 4 && name.p[0] != '.' && str_eq(str_skip(name, name.n - 4), STR(".lua"));
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int read_folder(struct rule_files *out, const char *folder, struct err *err)
{
    struct dirent **names;
    const int n = scandir(folder, &names, is_rule_file, by_name);
    if (n < 0)
        return refuse(err, folder, strerror(errno));
    int rc = RC_OK;
    for (int i = 0; i < n; i++) {
        char *path = NULL;
        if (!rc && asprintf(&path, "%s/%s", folder, names[i]->d_name) < 0)
            rc = err_set(err, RC_NOMEM, "out of memory");
        else if (!rc)
            rc = read_file(out, path, err);
        free(names[i]);
    }
    free(names);
    return rc;
}

/* The entry from the folder of the configuration; NULL: out of memory. */
static char *locate(const char *config, const char *entry)
{
    const char *slash = strrchr(config, '/');
    char *path = NULL;
    if (entry[0] == '/' || !slash)
        return strdup(entry);
    return asprintf(&path, "%.*s/%s", (int)(slash - config), config, entry) < 0 ? NULL : path;
}

static int read_entry(struct rule_files *out, char *path, struct err *err)
{
    struct stat about;
    if (stat(path, &about) || !S_ISDIR(about.st_mode))
        return read_file(out, path, err);
    const int rc = read_folder(out, path, err);
    free(path);
    return rc;
}

int rule_files_read(struct rule_files *out, const char *config, const char *const *entries,
                    size_t n, struct err *err)
{
    int rc = RC_OK;
    for (size_t i = 0; i < n && !rc; i++) {
        char *path = locate(config, entries[i]);
        rc = path ? read_entry(out, path, err) : err_set(err, RC_NOMEM, "out of memory");
    }
    return rc;
}

void rule_files_free(struct rule_files *f)
{
    for (size_t i = 0; i < f->n; i++) {
        free(f->files[i].path);
        free((void *)(uintptr_t)f->files[i].text.p);
    }
    f->n = 0;
}
