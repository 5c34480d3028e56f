/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs a libFuzzer target over a corpus without libFuzzer: over the files and folders that are
 * given, else over $srcdir/tests/fuzz/corpus/NAME, NAME being the program's.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned inputs;

static int run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = NULL;
    long size = -1;
    int r = -EIO;

    if (file != NULL && fseek(file, 0, SEEK_END) == 0)
        size = ftell(file);
    if (size >= 0 && fseek(file, 0, SEEK_SET) == 0)
        data = malloc((size_t)size + 1);
    if (data != NULL && fread(data, 1, (size_t)size, file) == (size_t)size)
        r = LLVMFuzzerTestOneInput(data, (size_t)size);
    free(data);
    if (file != NULL)
        fclose(file);
    inputs++;
    return r;
}

static int run(const char *path)
{
    DIR *folder = opendir(path);
    struct dirent *entry;
    int r = 0;

    if (folder == NULL) {
        r = run_file(path);
        if (r < 0)
            fprintf(stderr, "cannot read \"%s\"\n", path);
        return r;
    }
    while (r == 0 && (entry = readdir(folder)) != NULL) {
        char inner[4096];

        if (entry->d_name[0] == '.')
            continue;
        snprintf(inner, sizeof(inner), "%s/%s", path, entry->d_name);
        r = run_file(inner);
    }
    closedir(folder);
    return r;
}

int main(int argc, char **argv)
{
    const char *source = getenv("srcdir");
    const char *name = strrchr(argv[0], '/');
    char corpus[4096];
    int r = 0;

    snprintf(corpus, sizeof(corpus), "%s/tests/fuzz/corpus/%s", source == NULL ? "." : source,
             name == NULL ? argv[0] : name + 1);
    if (argc == 1)
        r = run(corpus);
    for (int i = 1; i < argc && r == 0; i++)
        r = run(argv[i]);
    /* TAP, as our other test programs write it */
    printf("1..1\n%s 1 - %u inputs\n", r == 0 && inputs > 0 ? "ok" : "not ok", inputs);
    return r == 0 && inputs > 0 ? 0 : 1;
}
