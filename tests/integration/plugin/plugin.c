/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A plugin for seccomp notifications that does what its file is called, and notes what it is told
 * in a file beside itself.
 */
#include <dlfcn.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct configuration {
    const char *state_directory;
    const char *name;
    const char *bundle;
    const char *config;
};

int run_oci_seccomp_notify_version(void);
int run_oci_seccomp_notify_start(void **data, struct configuration *configuration, size_t size);
int run_oci_seccomp_notify_handle_request(void *data, struct seccomp_notif_sizes *sizes,
                                          struct seccomp_notif *request,
                                          struct seccomp_notif_resp *response, int listener,
                                          int *handled);
int run_oci_seccomp_notify_stop(void *data);

static char path[4096];

static const char *kind(void)
{
    Dl_info info;

    if (path[0] == '\0' && dladdr((void *)(uintptr_t)kind, &info) != 0)
        snprintf(path, sizeof(path), "%s", info.dli_fname);
    return strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;
}

static int is(const char *word)
{
    return strcmp(kind(), word) == 0;
}

static void note(const char *line)
{
    char name[4200];
    FILE *file;

    snprintf(name, sizeof(name), "%s.log", (kind(), path));
    file = fopen(name, "a");
    if (file != NULL) {
        fprintf(file, "%s\n", line);
        fclose(file);
    }
}

int run_oci_seccomp_notify_version(void)
{
    return is("version") ? 2 : 1;
}

int run_oci_seccomp_notify_start(void **data, struct configuration *configuration, size_t size)
{
    char line[16384];
    FILE *file;

    if (is("no-start"))
        return -EPERM;
    while (is("slow-start"))
        pause();
    file = fopen(configuration->config, "r");
    snprintf(line, sizeof(line), "start %zu %s %s %s %s", size / sizeof(*configuration),
             configuration->state_directory, configuration->name, configuration->bundle,
             file != NULL && getc(file) == '{' ? "config" : "none");
    if (file != NULL)
        fclose(file);
    note(line);
    *data = path;
    return 0;
}

struct later {
    struct seccomp_notif_resp response;
    int listener;
};

static void *answer_later(void *argument)
{
    struct later *later = argument;

    usleep(100000);
    ioctl(later->listener, SECCOMP_IOCTL_NOTIF_SEND, &later->response);
    free(later);
    return NULL;
}

int run_oci_seccomp_notify_handle_request(void *data, struct seccomp_notif_sizes *sizes,
                                          struct seccomp_notif *request,
                                          struct seccomp_notif_resp *response, int listener,
                                          int *handled)
{
    char line[64];

    if (data != path || sizes->seccomp_notif < sizeof(*request))
        return -EINVAL;
    snprintf(line, sizeof(line), "call %d", request->data.nr);
    note(line);
    *handled = 1;
    if (is("answer")) {
        response->val = 4242;
    } else if (is("refuse")) {
        response->error = -EPERM;
    } else if (is("pass")) {
        *handled = 0;
    } else if (is("continue")) {
        *handled = 3;
    } else if (is("later")) {
        struct later *later = malloc(sizeof(*later));
        pthread_t thread;

        *later = (struct later){.response = {.id = request->id, .val = 99}, .listener = listener};
        pthread_create(&thread, NULL, answer_later, later);
        pthread_detach(thread);
        *handled = 2;
    } else if (is("fail")) {
        return -EIO;
    } else if (is("confused")) {
        *handled = 17;
    } else if (is("crash")) {
        abort();
    } else if (is("hang")) {
        for (;;)
            pause();
    }
    return 0;
}

int run_oci_seccomp_notify_stop(void *data)
{
    note(data == path ? "stop" : "stop without data");
    return 0;
}
