/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libseccomp as the compiler, to compare ours with; see the header. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "seccomp_library.h"
#include "seccomp_reference.h"
#include "security/seccomp_ranges.h"
#include "security/seccomp_table.h"

/* libseccomp leaks when it refuses rules; LeakSanitizer (if it is there) asks for this function. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libseccomp\n";
}

static void cleanup_context(scmp_filter_ctx *context)
{
    if (*context != NULL)
        seccomp_release(*context);
}

static int add_rule(scmp_filter_ctx context, const struct filter_rule *rule, int number)
{
    struct scmp_arg_cmp compared[6];
    unsigned count = 0;

    if (rule->conditions_count == 0)
        return seccomp_rule_add_array(context, rule->action, number, 0, NULL);
    for (size_t i = 0; i < rule->conditions_count; i++) {
        const struct filter_condition *condition = &rule->conditions[i];
        bool masked = condition->operator_ == OCI_SECCOMP_MASKED_EQ;

        /* the values of enum scmp_compare are in the order of the specification */
        compared[count++] = (struct scmp_arg_cmp){
            .arg = condition->argument,
            .op = (enum scmp_compare)(SCMP_CMP_NE + (condition->operator_ - OCI_SECCOMP_NE)),
            .datum_a = masked ? condition->mask : condition->value,
            .datum_b = masked ? condition->value : 0};
        if (rule->any) {
            int r = seccomp_rule_add_array(context, rule->action, number, 1, compared);

            if (r < 0)
                return r;
            count = 0;
        }
    }
    return rule->any ? 0 : seccomp_rule_add_array(context, rule->action, number, count, compared);
}

static int add_rules(scmp_filter_ctx context, const struct filter_profile *profile)
{
    for (size_t i = 0; i < profile->rules_count; i++) {
        const struct filter_rule *rule = &profile->rules[i];

        for (size_t j = 0; !rule->redundant && j < rule->ids_count; j++) {
            const char *name;
            int r;

            if (rule->ids[j] == FILTER_UNKNOWN)
                continue;
            name = &filter_table_names[filter_table_offsets[rule->ids[j]]];
            r = add_rule(context, rule, seccomp_syscall_resolve_name(name));
            if (r < 0)
                return r;
        }
    }
    return 0;
}

static bool is_audit(const struct filter_profile *profile, uint32_t value)
{
    for (size_t i = 0; i < profile->archs_count; i++)
        if (profile->archs[i].audit == value)
            return true;
    return false;
}

/*
 * libseccomp (2.5.4) forgets to load the system call number for an architecture other than the
 * first when all of its rules have conditions, and compares AUDIT_ARCH values with numbers.  Jumps
 * go forward, so one pass tells what the accumulator may hold at each instruction.
 */
static bool is_sound(const struct filter_profile *profile, const struct sock_filter *program,
                     uint32_t count)
{
    bool holds_arch[BPF_MAXINSNS + 1] = {false};

    for (uint32_t i = 0; i < count; i++) {
        const struct sock_filter *at = &program[i];

        if (BPF_CLASS(at->code) == BPF_LD) {
            holds_arch[i + 1] |= at->k == offsetof(struct seccomp_data, arch);
        } else if (at->code == (BPF_JMP | BPF_JA)) {
            holds_arch[i + 1 + at->k] |= holds_arch[i];
        } else if (BPF_CLASS(at->code) == BPF_JMP) {
            if (holds_arch[i] && !(BPF_OP(at->code) == BPF_JEQ && is_audit(profile, at->k)))
                return false;
            holds_arch[i + 1 + at->jt] |= holds_arch[i];
            holds_arch[i + 1 + at->jf] |= holds_arch[i];
        }
    }
    return true;
}

/* libseccomp before 2.6 exports to a descriptor only. */
static int read_export(scmp_filter_ctx context, const struct filter_profile *profile,
                       struct filter_writer *writer)
{
    _cleanup_close_ int memory = memfd_create("seccomp", MFD_CLOEXEC);
    struct stat status;
    uint32_t count;
    int r;

    if (memory < 0)
        return -errno;
    r = seccomp_export_bpf(context, memory);
    if (r < 0)
        return r;
    if (fstat(memory, &status) < 0)
        return -errno;
    count = (uint32_t)((size_t)status.st_size / sizeof(struct sock_filter));
    if (count > writer->room - writer->count)
        return -E2BIG;
    writer->count += count;
    if (pread(memory, filter_writer_start(writer), count * sizeof(struct sock_filter), 0) !=
        status.st_size)
        return -EIO;
    return is_sound(profile, filter_writer_start(writer), count) ? 0 : -EBADMSG;
}

/* In front of libseccomp's program: ENOSYS for numbers above those that the profile names. */
static void write_stub(const struct filter_profile *profile, struct filter_writer *writer)
{
    struct filter_label enosys = filter_return(SECCOMP_RET_ERRNO | ENOSYS);
    struct filter_label filter = {.position = writer->count, .loads = FILTER_NOTHING};
    uint32_t first = offsetof(struct seccomp_data, arch);

    for (size_t i = profile->archs_count; i-- > 0;) {
        const struct filter_arch *arch = &profile->archs[i];
        struct filter_label check = filter;
        uint32_t highest;

        if (!filter_ranges_highest(profile, arch, &highest))
            continue;
        check = filter_branch(writer, BPF_JGT, arch->bit | highest, enosys, check, FILTER_NOTHING);
        if (arch->zero_escape)
            check = filter_branch(writer, BPF_JEQ, 0, enosys, check, FILTER_NOTHING);
        if (arch->audit == AUDIT_ARCH_X86_64) /* each half leaves the other alone */
            check = filter_branch(writer, BPF_JGE, FILTER_X32_BIT, arch->bit != 0 ? check : filter,
                                  arch->bit != 0 ? filter : check, FILTER_NOTHING);
        filter_begin(writer, check);
        check = filter_load(writer, offsetof(struct seccomp_data, nr));
        check = filter_branch(writer, BPF_JEQ, arch->audit, check, filter, FILTER_NOTHING);
        filter_begin(writer, check);
        filter = filter_load(writer, first);
    }
}

int library_compile(const struct filter_profile *profile, struct filter_writer *writer)
{
    _cleanup_(cleanup_context)
    scmp_filter_ctx context = seccomp_init(profile->default_action);
    int r = context == NULL ? -EINVAL : 0;

    for (size_t i = 1; r == 0 && i < profile->archs_count; i++)
        r = seccomp_arch_add(context, arch_token(&profile->archs[i]));
    if (r == 0)
        r = add_rules(context, profile);
    if (r == 0)
        r = read_export(context, profile, writer);
    if (r == 0 && profile->unknown_is_enosys)
        write_stub(profile, writer);
    return r < 0 ? r : writer->full ? -E2BIG : 0;
}
