/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The foreground of `run` and `exec`; runs in dray.
 *
 * One poll loop over the process's pidfd, the signalfd and, with a terminal, two one-way channels:
 * our input to the master, and the master to our output.  A channel polls for reading while its
 * buffer is empty and for writing while it is not, so a side that does not read stops only its own
 * direction.  Our own descriptors may be shared with others and stay blocking: they are touched
 * only when poll says so.
 */
#include "term/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "io/reap.h"
#include "io/syscalls.h"

/* PIPE_BUF: a pipe that polls writable takes so much without blocking */
#define CHANNEL_SIZE 4096
/* several times what a pseudo terminal buffers */
#define DRAIN_MAX (1u << 20)

struct channel {
    int from; /* -1: at its end */
    int to;   /* -1: nobody takes it any more */
    size_t start;
    size_t length;
    char buffer[CHANNEL_SIZE];
};

struct relay_state {
    const struct relay *relay;
    struct channel in;
    struct channel out;
    bool raw; /* the input is a terminal whose modes were changed */
    struct termios modes;
};

enum {
    POLL_PIDFD,
    POLL_SIGNALS,
    POLL_IN_FROM,
    POLL_IN_TO,
    POLL_OUT_FROM,
    POLL_OUT_TO,
    POLL_WATCHED,
    POLL_COUNT = POLL_WATCHED + RELAY_WATCHES
};

int relay_exit_code(int status)
{
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void make_raw(struct relay_state *state)
{
    struct termios raw = state->modes;

    cfmakeraw(&raw);
    /* the container's terminal leaves "\n" alone, so ours must turn it into a new line */
    raw.c_oflag = state->modes.c_oflag;
    tcsetattr(state->relay->input, TCSANOW, &raw);
}

void relay_copy_size(int input, int master)
{
    struct winsize size;

    if (ioctl(input, TIOCGWINSZ, &size) == 0)
        ioctl(master, TIOCSWINSZ, &size);
}

static bool channel_wants_input(const struct channel *channel)
{
    return channel->from >= 0 && channel->length == 0;
}

/* Returns false at the end of the source. */
static bool channel_read(struct channel *channel)
{
    ssize_t n = read(channel->from, channel->buffer, sizeof(channel->buffer));

    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return true;
    if (n <= 0) {
        /* EIO: nobody has the slave open */
        channel->from = -1;
        return false;
    }
    /* with nobody to take it, it is read all the same: the program must not stop at a full buffer
     */
    channel->start = 0;
    channel->length = channel->to >= 0 ? (size_t)n : 0;
    return true;
}

static void channel_write(struct channel *channel)
{
    ssize_t n = write(channel->to, channel->buffer + channel->start, channel->length);

    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (n < 0) {
        channel->to = -1;
        channel->length = 0;
        return;
    }
    channel->start += (size_t)n;
    channel->length -= (size_t)n;
}

static void handle_signals(struct relay_state *state)
{
    const struct relay *relay = state->relay;
    struct signalfd_siginfo signal;

    while (read(relay->signals->fd, &signal, sizeof(signal)) == (ssize_t)sizeof(signal)) {
        if (signal.ssi_signo == SIGWINCH && relay->master >= 0) {
            relay_copy_size(relay->input, relay->master);
            continue;
        }
        /* a shell that stopped us has set its own modes meanwhile */
        if (signal.ssi_signo == SIGCONT && state->raw)
            make_raw(state);
        sys_pidfd_send_signal(relay->pidfd, (int)signal.ssi_signo);
    }
}

static void fill_poll(const struct relay_state *state, struct pollfd events[POLL_COUNT])
{
    const struct channel *in = &state->in, *out = &state->out;

    events[POLL_PIDFD] = (struct pollfd){.fd = state->relay->pidfd, .events = POLLIN};
    events[POLL_SIGNALS] = (struct pollfd){.fd = state->relay->signals->fd, .events = POLLIN};
    events[POLL_IN_FROM] =
        (struct pollfd){.fd = channel_wants_input(in) ? in->from : -1, .events = POLLIN};
    events[POLL_IN_TO] = (struct pollfd){.fd = in->length > 0 ? in->to : -1, .events = POLLOUT};
    events[POLL_OUT_FROM] =
        (struct pollfd){.fd = channel_wants_input(out) ? out->from : -1, .events = POLLIN};
    events[POLL_OUT_TO] = (struct pollfd){.fd = out->length > 0 ? out->to : -1, .events = POLLOUT};
    for (size_t i = 0; i < RELAY_WATCHES; i++)
        events[POLL_WATCHED + i] = (struct pollfd){
            .fd = i < state->relay->watches_count ? *state->relay->watches[i].fd : -1,
            .events = POLLIN};
}

/* A program that reads lines sees the end of our input as a terminal's user would give it: ^D. */
static void send_end_of_input(const struct relay *relay)
{
    struct termios modes;

    if (tcgetattr(relay->master, &modes) < 0 || (modes.c_lflag & ICANON) == 0)
        return;
    /* best effort: when its queue is full it reads something else first */
    if (write(relay->master, &modes.c_cc[VEOF], 1) < 0)
        return;
}

/*
 * Our terminal is gone, so the container's goes too: a shell must not live on for nobody.  The
 * master is the caller's to close, so its number gets another file.
 */
static void hang_up(struct relay_state *state)
{
    _cleanup_close_ int null = openat(AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC);

    if (null < 0 || dup3(null, state->relay->master, O_CLOEXEC) < 0)
        return;
    state->in.to = state->out.from = -1;
    state->in.length = state->out.length = 0;
}

static void end_input(struct relay_state *state)
{
    /* a raw terminal has no other end */
    if (state->raw)
        hang_up(state);
    else
        send_end_of_input(state->relay);
}

static void handle_channels(struct relay_state *state, const struct pollfd events[POLL_COUNT])
{
    if (events[POLL_IN_FROM].revents != 0 && !channel_read(&state->in))
        end_input(state);
    if (events[POLL_IN_TO].revents != 0)
        channel_write(&state->in);
    if (events[POLL_OUT_FROM].revents != 0)
        channel_read(&state->out);
    if (events[POLL_OUT_TO].revents != 0)
        channel_write(&state->out);
}

/* Runs until the process has ended. */
static int relay_until_end(struct relay_state *state, struct error *error)
{
    struct pollfd events[POLL_COUNT];

    for (;;) {
        fill_poll(state, events);
        if (poll(events, POLL_COUNT, -1) < 0) {
            if (errno == EINTR)
                continue;
            return error_set(error, ERROR_SYSTEM, errno, "cannot wait for the container's process");
        }
        if (events[POLL_SIGNALS].revents != 0)
            handle_signals(state);
        handle_channels(state, events);
        for (size_t i = 0; i < state->relay->watches_count; i++)
            if (events[POLL_WATCHED + i].revents != 0)
                state->relay->watches[i].on_ready(state->relay->watches[i].data);
        if (events[POLL_PIDFD].revents != 0)
            return 0;
    }
}

/* Writes out the channel's buffer.  A signal means that the user has waited long enough: -EINTR. */
static int flush(const struct relay *relay, struct channel *out)
{
    while (out->length > 0 && out->to >= 0) {
        struct pollfd events[] = {
            {.fd = out->to, .events = POLLOUT},
            {.fd = relay->signals->fd, .events = POLLIN},
        };

        if (poll(events, ARRAY_SIZE(events), -1) < 0 && errno != EINTR)
            return -errno;
        if (events[1].revents != 0)
            return -EINTR;
        if (events[0].revents != 0)
            channel_write(out);
    }
    return 0;
}

/*
 * Copies what the master still holds.  Processes that live on may keep the slave open: then the
 * end is where nothing is left, or where they have written more than the kernel can have held.
 */
static void drain(const struct relay *relay, struct channel *out)
{
    struct pollfd readable = {.events = POLLIN};

    for (size_t total = 0; total < DRAIN_MAX && flush(relay, out) == 0; total += out->length) {
        readable.fd = out->from;
        if (out->from < 0 || out->to < 0 || poll(&readable, 1, 0) <= 0 || !channel_read(out))
            return;
    }
}

static int reap(const struct relay *relay, int *ret_status, struct error *error)
{
    int r = reap_child(relay->pid, ret_status);

    if (r < 0)
        error_set(error, r == -ETIMEDOUT ? ERROR_STAGE_HELD : ERROR_SYSTEM, -r,
                  "process %d has ended, but its status cannot be had", relay->pid);
    return r;
}

static void begin(struct relay_state *state, const struct relay *relay)
{
    state->relay = relay;
    state->raw = false;
    state->in = (struct channel){.from = -1, .to = -1};
    state->out = (struct channel){.from = -1, .to = -1};
    if (relay->master < 0)
        return;
    /* the master is ours alone: nothing else is disturbed by this */
    fcntl(relay->master, F_SETFL, fcntl(relay->master, F_GETFL) | O_NONBLOCK);
    state->in = (struct channel){.from = relay->input, .to = relay->master};
    state->out = (struct channel){.from = relay->master, .to = relay->output};
    if (tcgetattr(relay->input, &state->modes) == 0) {
        state->raw = true;
        make_raw(state);
    }
}

int relay_run(const struct relay *relay, int *ret_status, struct error *error)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct sigaction old_pipe;
    struct relay_state state;
    int status, r;

    /* an output that is closed must not keep us from restoring the terminal */
    if (relay->master >= 0)
        sigaction(SIGPIPE, &ignore, &old_pipe);
    begin(&state, relay);
    r = relay_until_end(&state, error);
    if (r == 0 && relay->master >= 0)
        drain(relay, &state.out);
    /* TCSADRAIN: what was drained is shown in the modes it was written for */
    if (state.raw)
        tcsetattr(relay->input, TCSADRAIN, &state.modes);
    if (relay->master >= 0)
        sigaction(SIGPIPE, &old_pipe, NULL);
    if (r == 0)
        r = reap(relay, &status, error);
    if (r == 0)
        *ret_status = status;
    return r;
}
