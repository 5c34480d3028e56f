/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Random trees full of links, random paths: the kernel's way of resolving and ours must agree, and
 * whatever is made, nothing outside of the root changes.  The seed is fixed; RANDOM_SEED sets
 * another one.
 */
#include "io/path.h"

#include <dirent.h>
#include <limits.h>
#include <stdint.h>

#include "harness.h"

#define TREES          40
#define ENTRIES        24
#define PATHS_PER_TREE 200

static uint64_t random_state;

static uint32_t random_below(uint32_t limit)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 33) % limit;
}

static void seed(uint64_t offset)
{
    const char *given = getenv("RANDOM_SEED");

    random_state = (given != NULL ? strtoull(given, NULL, 10) : 20260101) + offset * 7919;
}

/* A path of a few parts that mostly exist. */
static void random_path(char out[static 256])
{
    static const char *const parts[] = {"a", "b", "c", "d", "e", "..", ".", "", "new", "../.."};
    uint32_t count = 1 + random_below(6);

    out[0] = '\0';
    if (random_below(2) == 0)
        snprintf(out, 256, "/");
    for (uint32_t i = 0; i < count; i++) {
        size_t used = strlen(out);

        snprintf(out + used, 256 - used, "%s%s", used > 0 && i > 0 ? "/" : "",
                 parts[random_below(sizeof(parts) / sizeof(parts[0]))]);
    }
    if (random_below(6) == 0) {
        size_t used = strlen(out);

        snprintf(out + used, 256 - used, "/");
    }
}

/* Adds directories, files and links below the directory @root, anywhere it happens to be. */
static void grow_tree(int root)
{
    for (unsigned i = 0; i < ENTRIES; i++) {
        char path[256], target[256];
        const char *name = "";
        int parent;

        random_path(path);
        parent = path_make_parent_in_root(root, path, 0, &name);
        if (parent < 0)
            continue;
        random_path(target);
        switch (random_below(4)) {
        case 0:
            mkdirat(parent, name, 0755);
            break;
        case 1:
            close(openat(parent, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644));
            break;
        default:
            if (target[0] != '\0')
                symlinkat(target, parent, name);
        }
        close(parent);
    }
}

static int make_root(unsigned number)
{
    char name[32];
    int root;

    snprintf(name, sizeof(name), "cage/root%u", number);
    make_directory(name);
    root = open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
    CHECK(root >= 0);
    seed(number);
    grow_tree(root);
    return root;
}

/* Everything outside of the roots: the cage with the roots' names, and a file that must stay. */
static void check_outside(unsigned roots)
{
    DIR *cage = opendir("cage");
    unsigned count = 0;

    CHECK(cage != NULL);
    while (readdir(cage) != NULL)
        count++;
    closedir(cage);
    CHECK(count == roots + 2);
    cage = opendir(".");
    CHECK(cage != NULL);
    for (count = 0; readdir(cage) != NULL; count++)
        ;
    closedir(cage);
    CHECK(count == 3);
}

static bool same_object(int a, int b)
{
    struct stat left, right;

    return fstat(a, &left) == 0 && fstat(b, &right) == 0 && left.st_ino == right.st_ino &&
           left.st_dev == right.st_dev;
}

TEST(both_ways_agree)
{
    static const int open_flags[] = {O_PATH, O_PATH | O_DIRECTORY, O_PATH | O_NOFOLLOW};
    unsigned found = 0;

    make_directory("cage");
    for (unsigned tree = 0; tree < TREES; tree++) {
        int root = make_root(tree);

        for (unsigned i = 0; i < PATHS_PER_TREE; i++) {
            unsigned flags = random_below(4) == 0 ? PATH_NO_SYMLINKS : 0;
            int open_flag = open_flags[random_below(3)], kernel, walk;
            char path[256];

            random_path(path);
            kernel = path_open_in_root(root, path, open_flag, flags);
            walk = path_open_in_root(root, path, open_flag, flags | PATH_WALK);
            if (kernel < 0 || walk < 0) {
                CHECK_SAYING(kernel == walk, "tree %u \"%s\" flags %x/%u: %d, by walking %d", tree,
                             path, (unsigned)open_flag, flags, kernel, walk);
                continue;
            }
            CHECK_SAYING(same_object(kernel, walk), "tree %u \"%s\"", tree, path);
            close(kernel);
            close(walk);
            found++;
        }
        close(root);
    }
    check_outside(TREES);
    CHECK_SAYING(found > TREES * PATHS_PER_TREE / 10, "only %u", found);
}

TEST(what_is_made_is_inside_and_found_again)
{
    unsigned made_count = 0;

    make_directory("cage");
    for (unsigned tree = 0; tree < TREES; tree++) {
        int root = make_root(tree);

        for (unsigned i = 0; i < PATHS_PER_TREE / 4; i++) {
            unsigned flags = random_below(4) == 0 ? PATH_NO_SYMLINKS : 0;
            enum path_kind kind = random_below(2) == 0 ? PATH_FILE : PATH_DIRECTORY;
            bool made = false;
            char path[256];
            int fd, again;

            random_path(path);
            fd = path_make_in_root(root, path, kind, flags, &made);
            if (fd < 0)
                continue;
            made_count += made;
            again = path_open_in_root(root, path, O_PATH, flags);
            CHECK_SAYING(again >= 0 && same_object(fd, again), "tree %u \"%s\"", tree, path);
            close(fd);
            close(again);
        }
        close(root);
    }
    check_outside(TREES);
    CHECK_SAYING(made_count > TREES, "only %u", made_count);
}

HARNESS_MAIN
