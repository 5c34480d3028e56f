/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The program: everything is in the dispatcher, where tests can reach it. */
#include "cli/dispatch.h"

int main(int argc, char **argv)
{
    (void)argc;
    return dispatch(argv);
}
