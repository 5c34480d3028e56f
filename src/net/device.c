/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/device.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "net/rtnetlink.h"

/* A namespace with this many devices of one kind of name is a mistake. */
#define NUMBERS_TRIED 4096

uint64_t net_namespace_inode(int namespace_fd)
{
    struct stat status;

    return fstat(namespace_fd, &status) == 0 ? status.st_ino : 0;
}

int net_namespaces_open(struct net_namespaces *namespaces, int container_fd, struct error *error)
{
    *namespaces = (struct net_namespaces){
        .own_socket = -1, .container = container_fd, .container_socket = -1};
    namespaces->own = openat(AT_FDCWD, "/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    if (namespaces->own < 0)
        return error_set(error, ERROR_NET_DEVICE, errno, "cannot open our network namespace");
    namespaces->own_inode = net_namespace_inode(namespaces->own);
    namespaces->own_socket = rtnetlink_open(-1, -1);
    if (namespaces->own_socket < 0)
        return error_set(error, ERROR_NET_DEVICE, -namespaces->own_socket,
                         "cannot open a routing socket");
    if (container_fd < 0)
        return 0;
    namespaces->container_inode = net_namespace_inode(container_fd);
    namespaces->container_socket = rtnetlink_open(container_fd, namespaces->own);
    if (namespaces->container_socket < 0)
        return error_set(error, ERROR_NET_DEVICE, -namespaces->container_socket,
                         "cannot open a routing socket in the container's network namespace");
    return 0;
}

void net_namespaces_close(struct net_namespaces *namespaces)
{
    namespaces->own = close_fd(namespaces->own);
    namespaces->own_socket = close_fd(namespaces->own_socket);
    namespaces->container_socket = close_fd(namespaces->container_socket);
}

/* Looks the device up by @name; @ret_name is what it will be called. */
static int choose_name(const struct net_namespaces *namespaces, const char *new_name,
                       char ret_name[NET_NAME_SIZE], struct error *error)
{
    size_t length = strlen(new_name);
    bool is_template = length > 2 && strcmp(new_name + length - 2, "%d") == 0;

    for (unsigned number = 0; number < (is_template ? NUMBERS_TRIED : 1); number++) {
        char name[NET_NAME_SIZE + 16];
        struct error words = {0};
        struct net_link taken;
        int r;

        if (is_template)
            snprintf(name, sizeof(name), "%.*s%u", (int)(length - 2), new_name, number);
        else
            snprintf(name, sizeof(name), "%s", new_name);
        if (strlen(name) >= NET_NAME_SIZE)
            break;
        r = net_link_find(namespaces->container_socket, name, &taken, &words);
        if (r == -ENODEV) {
            memcpy(ret_name, name, strlen(name) + 1);
            return 0;
        }
        if (r < 0)
            return error_set(error, ERROR_NET_DEVICE, -r,
                             "cannot look for network devices in the container");
    }
    if (!is_template && length < NET_NAME_SIZE)
        return error_set(error, ERROR_NET_DEVICE, EEXIST,
                         "the container has a network device \"%s\" already", new_name);
    return error_set(error, ERROR_NET_DEVICE, ENFILE,
                     "the container has no room for a network device \"%s\"", new_name);
}

int net_device_describe(const struct net_namespaces *namespaces, const char *name,
                        const char *new_name, const char *path, struct net_device_record **ret,
                        struct error *error)
{
    size_t path_length = path != NULL ? strlen(path) : 0;
    _cleanup_free_ struct net_address *addresses = NULL;
    struct net_device_record *record;
    struct net_link link;
    size_t count = 0, size;
    int r = net_link_find(namespaces->own_socket, name, &link, error);

    if (r == -ENODEV)
        return error_set(error, ERROR_NET_DEVICE, ENODEV, "there is no network device \"%s\"",
                         name);
    if (r == 0)
        r = net_address_list(namespaces->own_socket, link.index, &addresses, &count, error);
    if (r < 0)
        return error_set(error, ERROR_NET_DEVICE, -r, "cannot look at the network device \"%s\"",
                         name);
    size = sizeof(*record) + count * sizeof(*addresses) + path_length;
    record = calloc(1, size);
    if (record == NULL)
        return error_set(error, ERROR_OUT_OF_MEMORY, ENOMEM, "cannot move a network device");
    record->size = (uint32_t)size;
    record->addresses_count = (uint32_t)count;
    record->own_inode = namespaces->own_inode;
    record->container_inode = namespaces->container_inode;
    record->path_length = (uint32_t)path_length;
    record->master = link.master;
    record->up = link.up;
    record->hardware_length = link.hardware_length;
    memcpy(record->hardware, link.hardware, sizeof(record->hardware));
    memcpy(record->old_name, link.name, sizeof(record->old_name));
    if (count > 0)
        memcpy(record->addresses, addresses, count * sizeof(*addresses));
    if (path_length > 0)
        memcpy((char *)record->addresses + count * sizeof(*addresses), path, path_length);
    r = choose_name(namespaces, new_name, record->new_name, error);
    if (r < 0) {
        free(record);
        return r;
    }
    *ret = record;
    return 0;
}

static int add_addresses(int socket_fd, int32_t index, const struct net_device_record *record,
                         bool inside, struct error *error)
{
    for (uint32_t i = 0; i < record->addresses_count; i++) {
        struct net_address address = record->addresses[i];
        char text[64];
        int r;

        if (inside && address.scope != RT_SCOPE_UNIVERSE)
            continue;
        if (inside)
            net_address_relabel(&address, record->old_name, record->new_name);
        r = net_address_add(socket_fd, index, &address, error);
        if (r == 0)
            continue;
        net_address_text(&address, text, sizeof(text));
        return error_set(error, ERROR_NET_DEVICE, -r,
                         "cannot give the address %s to the network device \"%s\"", text,
                         inside ? record->new_name : record->old_name);
    }
    return 0;
}

/* What netdevice.h's netns_immutable means to people; and a device may have more names than one. */
static const char *explain_refusal(int r)
{
    return r == -EINVAL   ? ": the kernel lets no device of its kind leave its namespace"
           : r == -EEXIST ? ": one of its names, or alternative names, is taken there"
                          : "";
}

int net_device_move(const struct net_namespaces *namespaces, const struct net_device_record *record,
                    bool is_template, struct error *error)
{
    struct error words = {0};
    struct net_link link;
    int r = net_link_find(namespaces->own_socket, record->old_name, &link, &words);

    if (r == 0)
        r = net_link_move(namespaces->own_socket, link.index, namespaces->container,
                          record->new_name, &words);
    if (r == -EEXIST && is_template)
        return r;
    if (r < 0) {
        error_set_detail(error, words.detail, strlen(words.detail));
        return error_set(error, ERROR_NET_DEVICE, -r,
                         "cannot move the network device \"%s\" into the container%s",
                         record->old_name, explain_refusal(r));
    }
    /* its number there may be another one */
    r = net_link_find(namespaces->container_socket, record->new_name, &link, error);
    if (r < 0)
        return error_set(error, ERROR_NET_DEVICE, -r,
                         "cannot find the network device \"%s\" in the container",
                         record->new_name);
    r = add_addresses(namespaces->container_socket, link.index, record, true, error);
    if (r < 0)
        return r;
    r = net_link_bring_up(namespaces->container_socket, link.index, error);
    if (r < 0)
        return error_set(error, ERROR_NET_DEVICE, -r,
                         "cannot bring the network device \"%s\" up in the container",
                         record->new_name);
    return 0;
}

struct net_device_record *net_device_record_read(const void *payload, size_t length)
{
    struct net_device_record *record;

    if (length < sizeof(*record))
        return NULL;
    record = malloc(length);
    if (record == NULL)
        return NULL;
    memcpy(record, payload, length);
    if (record->size == length && record->path_length < PATH_MAX &&
        record->addresses_count <= length / sizeof(record->addresses[0]) &&
        sizeof(*record) + record->addresses_count * sizeof(record->addresses[0]) +
                record->path_length ==
            length &&
        record->hardware_length <= sizeof(record->hardware) &&
        memchr(record->old_name, '\0', sizeof(record->old_name)) != NULL &&
        memchr(record->new_name, '\0', sizeof(record->new_name)) != NULL)
        return record;
    free(record);
    return NULL;
}

const char *net_device_record_path(const struct net_device_record *record)
{
    return (const char *)&record->addresses[record->addresses_count];
}

/* Finds the very device that is called @name; another one of that name is none. */
static int find_ours(int socket_fd, const struct net_device_record *record, const char *name,
                     struct net_link *ret)
{
    struct error words = {0};
    int r = net_link_find(socket_fd, name, ret, &words);

    if (r == 0 && (ret->hardware_length != record->hardware_length ||
                   memcmp(ret->hardware, record->hardware, ret->hardware_length) != 0))
        return -ENODEV;
    return r;
}

/* Under either name: a kernel may move first and then fail to rename. */
static int find_inside(int socket_fd, const struct net_device_record *record, struct net_link *ret)
{
    int r = find_ours(socket_fd, record, record->new_name, ret);

    return r == -ENODEV ? find_ours(socket_fd, record, record->old_name, ret) : r;
}

static int set_not_back(const struct net_device_record *record, int r, const struct error *words,
                        struct error *error)
{
    error_set_detail(error, words->detail, strlen(words->detail));
    return error_set(error, ERROR_NET_DEVICE, -r,
                     "cannot bring the network device \"%s\" back from the container",
                     record->old_name);
}

/* What it had here; the kernel forgets that when a device leaves a namespace. */
static int restore(const struct net_namespaces *namespaces, const struct net_device_record *record,
                   const struct net_link *link, struct error *error)
{
    struct error words = {0};
    int r = 0;

    /* it never left, or was restored before */
    if (record->up && link->up)
        return 0;
    if (record->master != 0 && link->master != record->master)
        r = net_link_set_master(namespaces->own_socket, link->index, record->master, &words);
    if (r < 0)
        return set_not_back(record, r, &words, error);
    if (record->up)
        r = net_link_bring_up(namespaces->own_socket, link->index, &words);
    if (r < 0)
        return set_not_back(record, r, &words, error);
    return add_addresses(namespaces->own_socket, link->index, record, false, error);
}

int net_device_bring_back(const struct net_namespaces *namespaces,
                          const struct net_device_record *record, struct error *error)
{
    struct error words = {0};
    struct net_link link;
    int r;

    /* called from another namespace than it came from, it would end up in the wrong one */
    if (namespaces->own_inode != record->own_inode)
        return 0;
    r = find_ours(namespaces->own_socket, record, record->old_name, &link);
    if (r == -ENODEV && namespaces->container_socket >= 0 &&
        namespaces->container_inode == record->container_inode) {
        r = find_inside(namespaces->container_socket, record, &link);
        if (r == 0)
            r = net_link_move(namespaces->container_socket, link.index, namespaces->own,
                              record->old_name, &words);
        if (r == 0)
            r = find_ours(namespaces->own_socket, record, record->old_name, &link);
    }
    if (r == -ENODEV) {
        /*
         * A physical one that the kernel returned has the name that it had inside, and so has one
         * whose old name was taken when it came back.
         */
        r = find_ours(namespaces->own_socket, record, record->new_name, &link);
        if (r == 0)
            r = net_link_rename(namespaces->own_socket, link.index, record->old_name, &words);
    }
    if (r == -ENODEV)
        return 0;
    return r < 0 ? set_not_back(record, r, &words, error)
                 : restore(namespaces, record, &link, error);
}
