/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The resolver: both ways of resolving must agree and must never leave the root. */
#include "io/path.h"

#include <limits.h>

#include "harness.h"

static const unsigned ways[] = {0, PATH_WALK};

#define FOR_BOTH_WAYS(way) for (const unsigned *way = ways; way < ways + 2; way++)

/* root/ is the root, outside/ is what must never be reached */
static int make_tree(void)
{
    int root;

    make_directory("root");
    make_directory("outside");
    make_file("outside/secret", "secret");
    make_directory("root/a");
    make_directory("root/a/b");
    make_file("root/a/file", "inside");
    make_link("a", "root/link");
    make_link("/a/b", "root/absolute");
    make_link("../../../../outside", "root/escape");
    make_link("../../../..", "root/up");
    make_link("loop2", "root/loop1");
    make_link("loop1", "root/loop2");
    make_link("/gone/deep", "root/dangling");
    make_link("file", "root/a/filelink");
    root = open("root", O_PATH | O_DIRECTORY | O_CLOEXEC);
    CHECK(root >= 0);
    return root;
}

static bool same_file(int fd, const char *path)
{
    struct stat a, b;

    return fstat(fd, &a) == 0 && lstat(path, &b) == 0 && a.st_ino == b.st_ino &&
           a.st_dev == b.st_dev;
}

TEST(paths_lead_where_they_should)
{
    static const struct {
        const char *path, *expected;
    } cases[] = {
        {"/", "root"},
        {".", "root"},
        {"a", "root/a"},
        {"/a/", "root/a"},
        {"//a//b", "root/a/b"},
        {"a/./b/..", "root/a"},
        {"..", "root"},
        {"../../a", "root/a"},
        {"link/b", "root/a/b"},
        {"absolute", "root/a/b"},
        {"absolute/..", "root/a"},
        {"up", "root"},
        {"up/a/file", "root/a/file"},
        {"link/filelink", "root/a/file"},
        {"/a/b/../../a/b/../file", "root/a/file"},
    };
    int root = make_tree();

    FOR_BOTH_WAYS(way)
    {
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
            int fd = path_open_in_root(root, cases[i].path, O_PATH, *way);

            CHECK_SAYING(fd >= 0, "%s (way %u): %d", cases[i].path, *way, fd);
            CHECK_SAYING(same_file(fd, cases[i].expected), "%s (way %u)", cases[i].path, *way);
            close(fd);
        }
    }
}

TEST(errors_are_the_same_both_ways)
{
    static const struct {
        const char *path;
        int flags;
        int expected;
    } cases[] = {
        {"", O_PATH, -ENOENT},
        {"missing", O_PATH, -ENOENT},
        {"escape", O_PATH, -ENOENT},
        {"escape/secret", O_PATH, -ENOENT},
        {"dangling", O_PATH, -ENOENT},
        {"loop1", O_PATH, -ELOOP},
        {"a/file/x", O_PATH, -ENOTDIR},
        {"a/file/", O_PATH, -ENOTDIR},
        {"a/file", O_PATH | O_DIRECTORY, -ENOTDIR},
        {"a", O_WRONLY, -EISDIR},
    };
    int root = make_tree();

    FOR_BOTH_WAYS(way)
    {
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
            int r = path_open_in_root(root, cases[i].path, cases[i].flags, *way);

            CHECK_SAYING(r == cases[i].expected, "%s (way %u): %d", cases[i].path, *way, r);
        }
    }
}

TEST(links_can_be_refused_or_opened_themselves)
{
    int root = make_tree();

    FOR_BOTH_WAYS(way)
    {
        struct stat status;
        int fd;

        CHECK(path_open_in_root(root, "link", O_PATH, *way | PATH_NO_SYMLINKS) == -ELOOP);
        CHECK(path_open_in_root(root, "link/b", O_PATH, *way | PATH_NO_SYMLINKS) == -ELOOP);
        fd = path_open_in_root(root, "a/b", O_PATH, *way | PATH_NO_SYMLINKS);
        CHECK(fd >= 0);
        close(fd);
        fd = path_open_in_root(root, "link", O_PATH | O_NOFOLLOW, *way);
        CHECK(fd >= 0 && fstat(fd, &status) == 0 && S_ISLNK(status.st_mode));
        close(fd);
        fd = path_open_in_root(root, "link/filelink", O_RDONLY, *way);
        CHECK(fd >= 0 && same_file(fd, "root/a/file"));
        close(fd);
    }
}

TEST(magic_links_are_not_followed)
{
    int root = make_tree(), fd;

    make_directory("root/proc");
    CHECK(mount("proc", "root/proc", "proc", 0, NULL) == 0);
    fd = open("outside", O_PATH | O_CLOEXEC);
    CHECK(fd >= 0);
    FOR_BOTH_WAYS(way)
    {
        char path[64];

        snprintf(path, sizeof(path), "proc/self/fd/%d/secret", fd);
        CHECK(path_open_in_root(root, path, O_PATH, *way) < 0);
        CHECK(path_open_in_root(root, "proc/self/cwd/outside/secret", O_PATH, *way) < 0);
        CHECK(path_open_in_root(root, "proc/self/root/tmp", O_PATH, *way) < 0);
    }
}

TEST(missing_parts_are_made_inside)
{
    int root = make_tree(), fd;
    struct stat status;
    bool made;

    fd = path_make_in_root(root, "/x/y/z", PATH_DIRECTORY, 0, &made);
    CHECK(fd >= 0 && made && same_file(fd, "root/x/y/z"));
    CHECK(stat("root/x/y", &status) == 0 && status.st_mode == (S_IFDIR | 0755));
    close(fd);
    fd = path_make_in_root(root, "/x/y/z", PATH_DIRECTORY, 0, &made);
    CHECK(fd >= 0 && !made);
    close(fd);
    fd = path_make_in_root(root, "/x/f/file", PATH_FILE, 0, &made);
    CHECK(fd >= 0 && made && stat("root/x/f/file", &status) == 0);
    CHECK(status.st_mode == (S_IFREG | 0644) && status.st_size == 0);
    close(fd);
    fd = path_make_in_root(root, "dangling/e", PATH_FILE, 0, &made);
    CHECK(fd >= 0 && made && same_file(fd, "root/gone/deep/e"));
    close(fd);
    fd = path_make_in_root(root, "escape/e", PATH_DIRECTORY, 0, &made);
    CHECK(fd >= 0 && made && same_file(fd, "root/outside/e"));
    close(fd);
    CHECK(access("outside/e", F_OK) < 0);
    CHECK(path_make_in_root(root, "a/file/x", PATH_FILE, 0, &made) == -ENOTDIR);
    CHECK(path_make_in_root(root, "loop1/x", PATH_FILE, 0, &made) == -ELOOP);
    CHECK(path_make_in_root(root, "dangling", PATH_FILE, PATH_NO_SYMLINKS, &made) == -ELOOP);
    CHECK(path_make_in_root(root, "link/q", PATH_FILE, PATH_NO_SYMLINKS, &made) == -ELOOP);
    CHECK(access("root/a/q", F_OK) < 0);
}

TEST(setgid_directories_pass_their_group_on)
{
    int root = make_tree(), fd;
    struct stat status;

    CHECK(chown("root/a", 0, 1234) == 0 && chmod("root/a", 02775) == 0);
    fd = path_make_in_root(root, "a/s/t", PATH_DIRECTORY, 0, NULL);
    CHECK(fd >= 0 && fstat(fd, &status) == 0);
    CHECK(status.st_gid == 1234 && status.st_mode == (S_IFDIR | S_ISGID | 0755));
}

TEST(the_parent_is_made_and_the_name_given)
{
    int root = make_tree(), fd;
    const char *name;

    fd = path_make_parent_in_root(root, "/dev/net/tun", 0, &name);
    CHECK(fd >= 0 && strcmp(name, "tun") == 0 && same_file(fd, "root/dev/net"));
    close(fd);
    fd = path_make_parent_in_root(root, "top", 0, &name);
    CHECK(fd >= 0 && strcmp(name, "top") == 0 && same_file(fd, "root"));
    close(fd);
    CHECK(path_make_parent_in_root(root, "a/", 0, &name) == -EINVAL);
    CHECK(path_make_parent_in_root(root, "a/..", 0, &name) == -EINVAL);
    CHECK(path_make_parent_in_root(root, "", 0, &name) == -EINVAL);
}

TEST(long_paths_are_refused_and_long_links_do_not_overflow)
{
    char path[3 * PATH_MAX], link[PATH_MAX];
    int root = make_tree();

    memset(path, 'x', sizeof(path));
    path[PATH_MAX + 5] = '\0';
    FOR_BOTH_WAYS(way)
    CHECK(path_open_in_root(root, path, O_PATH, *way) == -ENAMETOOLONG);
    path[300] = '\0';
    FOR_BOTH_WAYS(way)
    CHECK(path_open_in_root(root, path, O_PATH, *way) == -ENAMETOOLONG);
    CHECK(path_make_in_root(root, path, PATH_FILE, 0, NULL) == -ENAMETOOLONG);
    /* links that grow the path each time one is followed */
    for (size_t i = 0; i < sizeof(link) - 1; i++)
        link[i] = i % 2 ? '/' : '.';
    memcpy(link + sizeof(link) - 7, "/grow/x", 7);
    link[sizeof(link) - 1] = '\0';
    CHECK(symlink(link, "root/grow") == 0);
    CHECK(path_open_in_root(root, "grow", O_PATH, PATH_WALK) < 0);
    CHECK(path_make_in_root(root, "grow/y", PATH_FILE, PATH_WALK, NULL) < 0);
}

TEST(beneath_stays_on_its_mount)
{
    int root = make_tree(), fd;

    make_directory("root/a/mounted");
    CHECK(mount("x", "root/a/mounted", "tmpfs", 0, NULL) == 0);
    CHECK(mount("root/a/file", "root/a/file", NULL, MS_BIND, NULL) == 0);
    CHECK(path_open_beneath(root, "a/mounted", O_PATH) == -EXDEV);
    CHECK(path_open_beneath(root, "a/file", O_RDONLY) == -EXDEV);
    CHECK(path_open_beneath(root, "/a", O_PATH) == -EXDEV);
    CHECK(path_open_beneath(root, "../root/a", O_PATH) == -EXDEV);
    CHECK(path_open_beneath(root, "escape", O_PATH) == -EXDEV);
    fd = path_open_beneath(root, "a/b", O_PATH);
    CHECK(fd >= 0 && same_file(fd, "root/a/b"));
}

HARNESS_MAIN
