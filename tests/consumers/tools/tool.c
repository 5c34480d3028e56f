/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What busybox cannot do: runs in containers of the consumers' tests as "tool WORD ARGUMENT...". */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Sends a datagram, as sd_notify(3) does. */
static int notify(const char *message)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (path == NULL || strlen(path) >= sizeof(address.sun_path)) {
        return EINVAL;
    }
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return errno;
    }
    ssize_t sent =
        sendto(fd, message, strlen(message), 0, (struct sockaddr *)&address, sizeof(address));
    return sent < 0 ? errno : 0;
}

/* Touches that many MiB. */
static int allocate(const char *mebibytes)
{
    size_t size = (size_t)atol(mebibytes) << 20;
    char *memory =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (memory == MAP_FAILED) {
        return errno;
    }
    memset(memory, 1, size);
    return 0;
}

/* What the descriptor is open on, and what can be read from it. */
static int show_descriptor(const char *number)
{
    char text[256];
    ssize_t length = read(atoi(number), text, sizeof(text));
    if (length < 0) {
        return errno;
    }
    fwrite(text, 1, (size_t)length, stdout);
    return 0;
}

/* A web server with one page, which leaves its pid in a file if it can, as nginx does. */
static int serve(const char *port, const char *pid_file)
{
    static const char page[] = "HTTP/1.0 200 OK\r\nContent-Length: 6\r\n\r\nhello\n";
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    int again = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &again, sizeof(again)) != 0 ||
        bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(fd, 16) != 0) {
        return errno;
    }
    /* As the first process of a PID namespace it would not be ended by it. */
    signal(SIGTERM, _exit);
    FILE *file = fopen(pid_file, "we");
    if (file != NULL) {
        fprintf(file, "%d\n", getpid());
        fclose(file);
    }
    printf("httpd: listening on port %s\n", port);
    fflush(stdout);
    for (;;) {
        char request[4096];
        int connection = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
        if (connection < 0) {
            return errno;
        }
        if (read(connection, request, sizeof(request)) > 0) {
            send(connection, page, sizeof(page) - 1, MSG_NOSIGNAL);
            shutdown(connection, SHUT_WR);
        }
        close(connection);
    }
}

int main(int argc, char **argv)
{
    int error = EINVAL;
    if (argc == 3 && strcmp(argv[1], "notify") == 0) {
        error = notify(argv[2]);
    } else if (argc == 3 && strcmp(argv[1], "allocate") == 0) {
        error = allocate(argv[2]);
    } else if (argc == 3 && strcmp(argv[1], "read") == 0) {
        error = show_descriptor(argv[2]);
    } else if (argc == 4 && strcmp(argv[1], "master process") == 0) {
        error = serve(argv[2], argv[3]);
    } else if (argc == 2 && strcmp(argv[1], "effective-uid") == 0) {
        printf("Effective uid: %u\n", geteuid());
        error = 0;
    } else if (argc == 2 && strcmp(argv[1], "wait") == 0) {
        /* The first process of a pod, which critest must not find under the name of another. */
        signal(SIGTERM, _exit);
        for (;;) {
            pause();
        }
    } else if (argc == 2 && strcmp(argv[1], "dumpable") == 0) {
        printf("%d\n", prctl(PR_GET_DUMPABLE));
        error = 0;
    }
    if (error != 0) {
        fprintf(stderr, "tool: %s\n", strerror(error));
    }
    return error == 0 ? 0 : 1;
}
