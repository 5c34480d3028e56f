/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Loads and runs plugins for seccomp notifications (seccomp_unotify(2)); in the helper.
 *
 * Their interface, version 1, is that of crun's seccomp_notify_plugin.h: the names of functions,
 * their arguments and the numbers that they return by are a fact that we share with it.
 */
#include "helper/plugins.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "helper/protocol.h"

#define PLUGIN_VERSION 1
#define PLUGINS_MAX    64

/* What a plugin is told of the container; its size goes along. */
struct plugin_configuration {
    const char *state_directory;
    const char *name;
    const char *bundle;
    const char *config;
};

/* How a plugin has dealt with a notification. */
enum plugin_handled {
    PLUGIN_PASSES = 0,    /* the next one may */
    PLUGIN_ANSWERS = 1,   /* the response is to be sent */
    PLUGIN_DELAYS = 2,    /* it will send one itself */
    PLUGIN_CONTINUES = 3, /* the response is to be sent: the kernel runs the call */
};

typedef int (*plugin_version)(void);
typedef int (*plugin_start)(void **data, struct plugin_configuration *configuration, size_t size);
typedef int (*plugin_handle)(void *data, struct seccomp_notif_sizes *sizes,
                             struct seccomp_notif *notification,
                             struct seccomp_notif_resp *response, int listener, int *handled);
typedef int (*plugin_stop)(void *data);

struct plugin {
    const char *name;
    void *object;
    void *data;
    plugin_handle handle;
};

struct plugins {
    struct plugin items[PLUGINS_MAX];
    size_t count;
    struct seccomp_notif_sizes sizes; /* what this kernel writes may be larger than what we know */
    struct seccomp_notif *notification;
    struct seccomp_notif_resp *response;
};

/* The words of dlerror(3) are foreign. */
static int refuse(struct error *error, const char *name, int sys_errno, const char *why,
                  const char *detail)
{
    int r = error_set(error, ERROR_SECCOMP_PLUGIN, sys_errno, "the seccomp plugin \"%.300s\" %s",
                      name, why);

    if (detail != NULL)
        error_set_detail(error, detail, strlen(detail));
    return r;
}

/* ISO C has no conversion from an object's pointer to a function's; POSIX makes them alike. */
static bool find(void *object, const char *symbol, void *ret, size_t size)
{
    void *address = dlsym(object, symbol);

    memcpy(ret, &address, size);
    return address != NULL;
}

static int check_number(struct error *error, const char *name, int r, const char *what)
{
    char why[160];

    /* a negative number is an error's, by the interface; others have no meaning */
    snprintf(why, sizeof(why), "%s returned %d", what, r);
    return refuse(error, name, r < 0 && r > -4096 ? -r : 0, why, NULL);
}

static int load(struct plugins *plugins, const char *name,
                struct plugin_configuration *configuration, struct error *error)
{
    struct plugin *plugin = &plugins->items[plugins->count];
    plugin_version version;
    plugin_start start;
    int r;

    *plugin = (struct plugin){.name = name, .object = dlopen(name, RTLD_NOW | RTLD_LOCAL)};
    if (plugin->object == NULL)
        return refuse(error, name, 0, "cannot be loaded", dlerror());
    plugins->count++;
    if (find(plugin->object, "run_oci_seccomp_notify_version", &version, sizeof(version))) {
        r = version();
        if (r != PLUGIN_VERSION) {
            char why[80];

            snprintf(why, sizeof(why), "is of version %d; version %d is supported", r,
                     PLUGIN_VERSION);
            return refuse(error, name, 0, why, NULL);
        }
    }
    if (!find(plugin->object, "run_oci_seccomp_notify_handle_request", &plugin->handle,
              sizeof(plugin->handle)))
        return refuse(error, name, 0, "has no function \"run_oci_seccomp_notify_handle_request\"",
                      NULL);
    if (!find(plugin->object, "run_oci_seccomp_notify_start", &start, sizeof(start)))
        return 0;
    r = start(&plugin->data, configuration, sizeof(*configuration));
    if (r == 0)
        return 0;
    plugin->handle = NULL; /* not started: not to be stopped */
    return check_number(error, name, r, "cannot be started: its start function");
}

static int load_all(struct plugins *plugins, struct helper_plugins_request *request,
                    struct error *error)
{
    struct plugin_configuration configuration = {.state_directory = request->state_directory,
                                                 .name = request->name,
                                                 .bundle = request->bundle,
                                                 .config = request->config};
    size_t notification = sizeof(*plugins->notification), response = sizeof(*plugins->response);
    char *place = NULL;
    int r = 0;

    if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &plugins->sizes) < 0)
        return error_set(error, ERROR_SECCOMP_PLUGIN, errno,
                         "this kernel has no seccomp notifications");
    if (plugins->sizes.seccomp_notif > notification)
        notification = plugins->sizes.seccomp_notif;
    if (plugins->sizes.seccomp_notif_resp > response)
        response = plugins->sizes.seccomp_notif_resp;
    plugins->notification = calloc(1, notification);
    plugins->response = calloc(1, response);
    if (plugins->notification == NULL || plugins->response == NULL)
        return error_set(error, ERROR_OUT_OF_MEMORY, ENOMEM, "cannot serve notifications");
    for (char *name = strtok_r(request->plugins, ":", &place); r == 0 && name != NULL;
         name = strtok_r(NULL, ":", &place)) {
        if (plugins->count == PLUGINS_MAX)
            return refuse(error, name, 0, "is one too many", NULL);
        r = load(plugins, name, &configuration, error);
    }
    return r;
}

static void stop_all(struct plugins *plugins)
{
    for (size_t i = plugins->count; i-- > 0;) {
        struct plugin *plugin = &plugins->items[i];
        plugin_stop stop;

        if (plugin->handle != NULL &&
            find(plugin->object, "run_oci_seccomp_notify_stop", &stop, sizeof(stop)))
            stop(plugin->data);
        dlclose(plugin->object);
    }
    free(plugins->notification);
    free(plugins->response);
}

/* What none of them wants is not supported, as far as the container can tell. */
static int ask(struct plugins *plugins, int listener, bool *ret_send, struct error *error)
{
    struct seccomp_notif_resp *response = plugins->response;

    *ret_send = true;
    for (size_t i = 0; i < plugins->count; i++) {
        const struct plugin *plugin = &plugins->items[i];
        int handled = PLUGIN_PASSES;
        int r = plugin->handle(plugin->data, &plugins->sizes, plugins->notification, response,
                               listener, &handled);

        if (r != 0)
            return check_number(error, plugin->name, r,
                                "has failed: its function for notifications");
        switch (handled) {
        case PLUGIN_PASSES:
            continue;
        case PLUGIN_ANSWERS:
            return 0;
        case PLUGIN_DELAYS:
            *ret_send = false;
            return 0;
        case PLUGIN_CONTINUES:
            response->flags |= SECCOMP_USER_NOTIF_FLAG_CONTINUE;
            return 0;
        default:
            return check_number(error, plugin->name, handled,
                                "has dealt with a notification in an unknown way: it");
        }
    }
    response->error = -ENOTSUP;
    response->flags = 0;
    return 0;
}

/* The process that is notified of may be gone at any time. */
static bool is_gone(int sys_errno)
{
    return sys_errno == ENOENT || sys_errno == EINTR || sys_errno == EAGAIN;
}

static int handle(struct plugins *plugins, int listener, struct error *error)
{
    bool send;
    int r;

    /* the kernel wants it to be zero */
    memset(plugins->notification, 0, plugins->sizes.seccomp_notif);
    memset(plugins->response, 0, plugins->sizes.seccomp_notif_resp);
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, plugins->notification) < 0)
        return is_gone(errno) ? 0
                              : error_set(error, ERROR_SECCOMP_PLUGIN, errno,
                                          "cannot take a seccomp notification");
    r = ask(plugins, listener, &send, error);
    if (r < 0 || !send)
        return r;
    plugins->response->id = plugins->notification->id;
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, plugins->response) < 0 && !is_gone(errno))
        return error_set(error, ERROR_SECCOMP_PLUGIN, errno,
                         "cannot answer a seccomp notification");
    return 0;
}

/* Returns 0 when nobody has the filter any more, or dray has gone. */
static int serve(struct plugins *plugins, int listener, int socket, struct error *error)
{
    struct pollfd events[] = {{.fd = listener, .events = POLLIN}, {.fd = socket, .events = POLLIN}};

    for (;;) {
        int r;

        if (poll(events, ARRAY_SIZE(events), -1) < 0) {
            if (errno == EINTR)
                continue;
            return error_set(error, ERROR_SYSTEM, errno, "cannot wait for seccomp notifications");
        }
        if (events[1].revents != 0)
            return 0;
        if ((events[0].revents & POLLIN) != 0) {
            r = handle(plugins, listener, error);
            if (r < 0)
                return r;
        } else if (events[0].revents != 0) {
            return 0;
        }
    }
}

static int receive_listener(int socket)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control;
    char byte;
    struct iovec data = {.iov_base = &byte, .iov_len = 1};
    struct msghdr packet = {.msg_iov = &data,
                            .msg_iovlen = 1,
                            .msg_control = control.space,
                            .msg_controllen = sizeof(control.space)};
    const struct cmsghdr *header;
    int listener;

    if (recvmsg(socket, &packet, MSG_CMSG_CLOEXEC) <= 0)
        return -1;
    header = CMSG_FIRSTHDR(&packet);
    if (header == NULL || header->cmsg_type != SCM_RIGHTS ||
        header->cmsg_len != CMSG_LEN(sizeof(int)))
        return -1;
    memcpy(&listener, CMSG_DATA(header), sizeof(listener));
    return listener;
}

static bool reply(int socket, int result, const struct error *error)
{
    struct helper_reply reply = {.result = result, .error = *error};

    return send(socket, &reply, sizeof(reply), MSG_NOSIGNAL) == (ssize_t)sizeof(reply);
}

static bool is_text(const char *text, size_t size)
{
    return memchr(text, '\0', size) != NULL;
}

static bool is_sound(const struct helper_plugins_request *request, ssize_t length)
{
    return length == (ssize_t)sizeof(*request) && request->magic == HELPER_MAGIC &&
           is_text(request->plugins, sizeof(request->plugins)) &&
           is_text(request->name, sizeof(request->name)) &&
           is_text(request->state_directory, sizeof(request->state_directory)) &&
           is_text(request->bundle, sizeof(request->bundle)) &&
           is_text(request->config, sizeof(request->config));
}

int plugins_main(int socket)
{
    struct helper_plugins_request request;
    struct plugins plugins = {0};
    struct error error = {0};
    _cleanup_close_ int listener = -1;
    int r;

    /* the terminal's signals are for the container; without dray nobody would end us */
    setsid();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (is_sound(&request, recv(socket, &request, sizeof(request), 0)))
        r = load_all(&plugins, &request, &error);
    else
        r = error_set(&error, ERROR_HELPER_FAILED, EPROTO,
                      "dray and its helper are of different versions");
    if (reply(socket, r, &error) && r == 0) {
        listener = receive_listener(socket);
        if (listener >= 0) {
            fcntl(listener, F_SETFL, O_NONBLOCK);
            r = serve(&plugins, listener, socket, &error);
            reply(socket, r, &error);
        }
    }
    stop_all(&plugins);
    return r < 0;
}
