/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command line: option tables in, library calls, output. */
#include "config.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--version") == 0) {
        printf("dray version %s\ncommit: %s\nspec: 1.3.0\n", PACKAGE_VERSION, GIT_COMMIT);
        return 0;
    }
    fprintf(stderr, "dray: error[USAGE] no such command\n");
    return 1;
}
