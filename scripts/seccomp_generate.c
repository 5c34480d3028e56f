/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes src/security/seccomp_table.c from what libseccomp knows.  Runs on the machine that builds
 * dray, which may be another one than dray will run on: numbers of all architectures are written,
 * and the compiler for the target takes those it needs.
 */
#include <ctype.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "security/seccomp_table.h"

#define NAMES_MAX (FILTER_TABLE_SLOTS / 2)
#define X32_BIT   0x40000000

/* Which architectures a machine can run, by the macros of its compiler. */
static const struct {
    const char *condition;
    enum oci_seccomp_arch archs[4];
} families[] = {
    {"defined(__x86_64__) || defined(__i386__)", {OCI_ARCH_X86_64, OCI_ARCH_X86, OCI_ARCH_X32}},
    {"defined(__aarch64__) || defined(__arm__)", {OCI_ARCH_AARCH64, OCI_ARCH_ARM}},
    {"defined(__riscv)", {OCI_ARCH_RISCV64}},
    {"defined(__loongarch__)", {OCI_ARCH_LOONGARCH64}},
    {"defined(__s390__)", {OCI_ARCH_S390X, OCI_ARCH_S390}},
    {"defined(__powerpc__) && defined(__LITTLE_ENDIAN__)", {OCI_ARCH_PPC64LE}},
    {"defined(__powerpc__) && !defined(__LITTLE_ENDIAN__)", {OCI_ARCH_PPC64, OCI_ARCH_PPC}},
    {"defined(__MIPSEL__)", {OCI_ARCH_MIPSEL64, OCI_ARCH_MIPSEL64N32, OCI_ARCH_MIPSEL}},
    {"defined(__MIPSEB__)", {OCI_ARCH_MIPS64, OCI_ARCH_MIPS64N32, OCI_ARCH_MIPS}},
    {"defined(__hppa__)", {OCI_ARCH_PARISC64, OCI_ARCH_PARISC}},
    {"defined(__m68k__)", {OCI_ARCH_M68K}},
    {"defined(__sh__) && defined(__LITTLE_ENDIAN__)", {OCI_ARCH_SH}},
    {"defined(__sh__) && !defined(__LITTLE_ENDIAN__)", {OCI_ARCH_SHEB}},
};

static const char *const arch_words[] = {NULL,
#define WORD(name, word) word,
                                         OCI_SECCOMP_ARCH_WORDS(WORD)
#undef WORD
};

struct names {
    char *items[NAMES_MAX];
    unsigned count;
};

static void fail(const char *what)
{
    fprintf(stderr, "seccomp_generate: %s\n", what);
    exit(1);
}

/* SCMP_ARCH_X86_64 is "x86_64" to libseccomp; 0 for one that it does not know. */
static uint32_t arch_token(enum oci_seccomp_arch arch)
{
    const char *word = arch_words[arch] + strlen("SCMP_ARCH_");
    char name[32] = {0};

    for (size_t i = 0; word[i] != '\0' && i < sizeof(name) - 1; i++)
        name[i] = (char)tolower((unsigned char)word[i]);
    return seccomp_arch_resolve_name(name);
}

static void add_name(struct names *names, uint32_t token, int number)
{
    char *name = seccomp_syscall_resolve_num_arch(token, number);

    if (name == NULL)
        return;
    for (unsigned i = 0; i < names->count; i++) {
        if (strcmp(names->items[i], name) == 0) {
            free(name);
            return;
        }
    }
    if (names->count == NAMES_MAX)
        fail("more names than the table holds; enlarge FILTER_TABLE_SLOTS");
    names->items[names->count++] = name;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Every name has a number on some architecture and a pseudo number below 0 on the others. */
static void collect_names(struct names *names)
{
    for (unsigned arch = OCI_ARCH_NONE + 1; arch < OCI_ARCH_COUNT; arch++) {
        uint32_t token = arch_token((enum oci_seccomp_arch)arch);

        for (int number = -11000; token != 0 && number < 7000; number++)
            if (number != __NR_SCMP_ERROR)
                add_name(names, token, number);
    }
    if (names->count < 300)
        fail("libseccomp knows too few names");
    qsort(names->items, names->count, sizeof(names->items[0]), compare_names);
}

static int number_of(enum oci_seccomp_arch arch, uint32_t token, const char *name)
{
    int number = seccomp_syscall_resolve_name_arch(token, name);

    if (number >= X32_BIT && arch == OCI_ARCH_X32)
        number -= X32_BIT;
    if (number >= FILTER_TABLE_ARM_BASE && number <= FILTER_TABLE_ARM_BASE + 0xfff)
        return number - FILTER_TABLE_ARM_BASE + FILTER_TABLE_ARM;
    if (number >= FILTER_TABLE_ARM)
        fail("a number is too large for the table");
    if (number >= 0 || (number <= -101 && number >= -120) || (number <= -201 && number >= -224))
        return number;
    return FILTER_TABLE_NONE;
}

static void write_numbers(const struct names *names, enum oci_seccomp_arch arch)
{
    uint32_t token = arch_token(arch);

    printf("static const int16_t numbers_%u[] = {", arch);
    for (unsigned i = 0; i < names->count; i++)
        printf("%s%d,", i % 16 == 0 ? "\n    " : " ",
               token == 0 ? FILTER_TABLE_NONE : number_of(arch, token, names->items[i]));
    printf("\n};\n#define NUMBERS_%u numbers_%u\n", arch, arch);
}

/* With SECCOMP_ALL_ARCHITECTURES, which tests set, every architecture counts as one of this
 * machine. */
static void write_families(const struct names *names)
{
    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        uint32_t token = arch_token(families[i].archs[0]);

        printf("\n#if %s || defined(SECCOMP_ALL_ARCHITECTURES)\n", families[i].condition);
        if (token == 0)
            printf("#ifndef SECCOMP_ALL_ARCHITECTURES\n"
                   "#error \"libseccomp of the machine that builds does not know this one\"\n"
                   "#endif\n");
        for (size_t j = 0; token != 0 && j < 4 && families[i].archs[j] != OCI_ARCH_NONE; j++)
            write_numbers(names, families[i].archs[j]);
        printf("#endif\n");
    }
    printf("\nconst int16_t *const filter_table_numbers[OCI_ARCH_COUNT] = {\n");
    for (unsigned arch = OCI_ARCH_NONE + 1; arch < OCI_ARCH_COUNT; arch++)
        printf("#ifdef NUMBERS_%u\n    [%u] = NUMBERS_%u,\n#endif\n", arch, arch, arch);
    printf("};\n");
}

static void write_names(const struct names *names)
{
    unsigned offset = 0;

    printf("const char filter_table_names[] =");
    for (unsigned i = 0; i < names->count; i++)
        printf("\n    \"%s\\0\"", names->items[i]);
    printf(";\n\nconst uint16_t filter_table_offsets[] = {");
    for (unsigned i = 0; i < names->count; i++) {
        printf("%s%u,", i % 16 == 0 ? "\n    " : " ", offset);
        offset += (unsigned)strlen(names->items[i]) + 1;
    }
    printf("\n};\n");
    if (offset > UINT16_MAX)
        fail("the names are too long for the table");
}

static void write_slots(const struct names *names)
{
    static uint16_t slots[FILTER_TABLE_SLOTS];

    for (unsigned i = 0; i < names->count; i++) {
        uint32_t slot = filter_table_hash(names->items[i]);

        while (slots[slot] != 0)
            slot = (slot + 1) % FILTER_TABLE_SLOTS;
        slots[slot] = (uint16_t)(i + 1);
    }
    printf("\nconst uint16_t filter_table_slots[FILTER_TABLE_SLOTS] = {");
    for (unsigned i = 0; i < FILTER_TABLE_SLOTS; i++)
        printf("%s%u,", i % 16 == 0 ? "\n    " : " ", slots[i]);
    printf("\n};\n");
}

int main(void)
{
    const struct scmp_version *version = seccomp_version();
    static struct names names;

    collect_names(&names);
    printf("/* Made by seccomp_generate; do not edit. */\n#include \"security/seccomp_table.h\"\n\n"
           "const char filter_table_library[] = \"%u.%u.%u\";\n\n",
           version->major, version->minor, version->micro);
    write_names(&names);
    write_slots(&names);
    write_families(&names);
    return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
