/* rule_files.h - the operators' rule files of lua.rules, read once for all workers.
 *
 * An entry is a file, or a folder whose *.lua files are taken in the order of their names
 * (bytes); what is in folders below is not. Files are read in the order of the entries. Ours:
 * rule_files_free. Bounds: RULE_FILES_MAX files of RULE_FILE_SIZE_MAX bytes each.
 */
#ifndef SOCKGUARD_POLICY_RULE_FILES_H
#define SOCKGUARD_POLICY_RULE_FILES_H

#include "base/err.h"
#include "base/str.h"

enum { RULE_FILES_MAX = 256, RULE_FILE_SIZE_MAX = 256 * 1024 };

struct rule_file {
    char *path;      /* as found: the entry, or the folder, a slash and the name */
    struct str text; /* owned */
};

struct rule_files {
    size_t n;
    struct rule_file files[RULE_FILES_MAX];
};

/* config: the configuration's file, or "": an entry that is no absolute path starts from its
 * folder. On failure err names the path and what is wrong with it; *out is then to be freed too. */
int rule_files_read(struct rule_files *out, const char *config, const char *const *entries,
                    size_t n, struct err *err);
void rule_files_free(struct rule_files *f);

#endif
