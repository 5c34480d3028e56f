/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every rule of the validator: one document that breaks it, and documents that break none. */
#include "cmocka_all.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "ocispec/ocispec.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Pieces are put into a configuration that is right without them. */
struct rule_case {
    const char *spec;    /* further members of the document: ",\"x\":1" */
    const char *process; /* of the process */
    const char *linux;   /* the whole of "linux" */
    enum oci_fault_kind kind;
    const char *pointer;
    const char *suggestion;
};

#define USERNS          "\"namespaces\":[{\"type\":\"user\"}],"
#define MAP(c, h, s)    "{\"containerID\":" #c ",\"hostID\":" #h ",\"size\":" #s "}"
#define MAPS            "\"uidMappings\":[" MAP(0, 1, 1) "],\"gidMappings\":[" MAP(0, 1, 1) "]"
#define RESOURCES(text) "\"resources\":{" text "}"
#define SECCOMP(text)   "\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\"," text "}"

static const struct rule_case rule_cases[] = {
    /* the document */
    {",\"vm\":{\"kernel\":{\"path\":\"/k\"}}", "", "", OCI_FAULT_NOT_SUPPORTED, "/vm", ""},
    {",\"windows\":{\"layerFolders\":[\"a\"]}", "", "", OCI_FAULT_NOT_SUPPORTED, "/windows", ""},
    {",\"solaris\":{}", "", "", OCI_FAULT_NOT_SUPPORTED, "/solaris", ""},
    {",\"zos\":{}", "", "", OCI_FAULT_NOT_SUPPORTED, "/zos", ""},
    {",\"freebsd\":{}", "", "", OCI_FAULT_NOT_SUPPORTED, "/freebsd", ""},
    {",\"hostname\":\"h\"", "", "", OCI_FAULT_CONFLICT, "/hostname", ""},
    {",\"domainname\":\"d\"", "", "", OCI_FAULT_CONFLICT, "/domainname", ""},
    {",\"hostname\":\"0123456789012345678901234567890123456789012345678901234567890123x\"", "",
     "\"namespaces\":[{\"type\":\"uts\"}]", OCI_FAULT_VALUE, "/hostname", ""},
    {",\"annotations\":{\"\":\"x\"}", "", "", OCI_FAULT_VALUE, "/annotations", ""},
    /* mounts and hooks */
    {",\"mounts\":[{\"destination\":\"\"}]", "", "", OCI_FAULT_VALUE, "/mounts/0/destination", ""},
    {",\"mounts\":[{\"destination\":\"/a\",\"uidMappings\":[" MAP(0, 1, 1) "]}]", "", "",
     OCI_FAULT_MISSING, "/mounts/0/gidMappings", ""},
    {",\"mounts\":[{\"destination\":\"/a\",\"gidMappings\":[" MAP(0, 1, 1) "]}]", "", "",
     OCI_FAULT_MISSING, "/mounts/0/uidMappings", ""},
    {",\"mounts\":[{\"destination\":\"/\"},{\"destination\":\"/a\",\"options\":[\"ridmap\"]}]", "",
     "", OCI_FAULT_CONFLICT, "/mounts/1/options", ""},
    {",\"mounts\":[{\"destination\":\"/a\"," MAPS "},{\"destination\":\"/a\",\"uidMappings\":[" MAP(
         0, 1, 0) "],\"gidMappings\":[" MAP(0, 1, 1) "]}]",
     "", "", OCI_FAULT_RANGE, "/mounts/1/uidMappings/0/size", ""},
    {",\"hooks\":{\"poststart\":[{\"path\":\"/a\"},{\"path\":\"bin/x\"}]}", "", "", OCI_FAULT_VALUE,
     "/hooks/poststart/1/path", ""},
    {",\"hooks\":{\"createRuntime\":[{\"path\":\"/a\",\"env\":[\"A=b\",\"C\"]}]}", "", "",
     OCI_FAULT_VALUE, "/hooks/createRuntime/0/env/1", ""},
    /* process */
    {"", ",\"env\":[\"A=\",\"SECRET\"]", "", OCI_FAULT_VALUE, "/process/env/1", ""},
    {"", ",\"env\":[\"=x\"]", "", OCI_FAULT_VALUE, "/process/env/0", ""},
    {"", ",\"user\":{\"uid\":4294967295}", "", OCI_FAULT_RANGE, "/process/user/uid", ""},
    {"", ",\"user\":{\"gid\":4294967295}", "", OCI_FAULT_RANGE, "/process/user/gid", ""},
    {"", ",\"user\":{\"additionalGids\":[1,4294967295]}", "", OCI_FAULT_RANGE,
     "/process/user/additionalGids/1", ""},
    {"", ",\"user\":{\"umask\":512}", "", OCI_FAULT_RANGE, "/process/user/umask", ""},
    {"", ",\"rlimits\":[{\"type\":\"RLIMIT_NOFILES\",\"soft\":1,\"hard\":1}]", "", OCI_FAULT_VALUE,
     "/process/rlimits/0/type", "RLIMIT_NOFILE"},
    {"",
     ",\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"soft\":1,\"hard\":1},"
     "{\"type\":\"RLIMIT_CORE\",\"soft\":1,\"hard\":1}]",
     "", OCI_FAULT_DUPLICATE, "/process/rlimits/1/type", ""},
    {"", ",\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"soft\":2,\"hard\":1}]", "", OCI_FAULT_CONFLICT,
     "/process/rlimits/0/soft", ""},
    {"", ",\"capabilities\":{\"bounding\":[\"CAP_KILL\",\"CAP_NET_ADMN\"]}", "", OCI_FAULT_VALUE,
     "/process/capabilities/bounding/1", "CAP_NET_ADMIN"},
    {"", ",\"capabilities\":{\"effective\":[\"CAP_KILL\"]}", "", OCI_FAULT_CONFLICT,
     "/process/capabilities/effective", ""},
    {"", ",\"capabilities\":{\"ambient\":[\"CAP_KILL\"],\"permitted\":[\"CAP_KILL\"]}", "",
     OCI_FAULT_CONFLICT, "/process/capabilities/ambient", ""},
    {"", ",\"oomScoreAdj\":1001", "", OCI_FAULT_RANGE, "/process/oomScoreAdj", ""},
    {"", ",\"oomScoreAdj\":-1001", "", OCI_FAULT_RANGE, "/process/oomScoreAdj", ""},
    {"", ",\"terminal\":true,\"consoleSize\":{\"height\":65536,\"width\":1}", "", OCI_FAULT_RANGE,
     "/process/consoleSize", ""},
    {"", ",\"ioPriority\":{\"class\":\"IOPRIO_CLASS_BE\",\"priority\":8}", "", OCI_FAULT_RANGE,
     "/process/ioPriority/priority", ""},
    {"", ",\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"nice\":20}", "", OCI_FAULT_RANGE,
     "/process/scheduler/nice", ""},
    {"", ",\"scheduler\":{\"policy\":\"SCHED_ISO\"}", "", OCI_FAULT_NOT_SUPPORTED,
     "/process/scheduler/policy", ""},
    {"", ",\"scheduler\":{\"policy\":\"SCHED_FIFO\"}", "", OCI_FAULT_RANGE,
     "/process/scheduler/priority", ""},
    {"", ",\"scheduler\":{\"policy\":\"SCHED_RR\",\"priority\":100}", "", OCI_FAULT_RANGE,
     "/process/scheduler/priority", ""},
    {"", ",\"scheduler\":{\"policy\":\"SCHED_BATCH\",\"priority\":1}", "", OCI_FAULT_CONFLICT,
     "/process/scheduler/priority", ""},
    {"", ",\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"runtime\":5000}", "", OCI_FAULT_CONFLICT,
     "/process/scheduler/policy", ""},
    {"", ",\"scheduler\":{\"policy\":\"SCHED_DEADLINE\",\"runtime\":1023,\"deadline\":5000}", "",
     OCI_FAULT_RANGE, "/process/scheduler/runtime", ""},
    {"", ",\"scheduler\":{\"policy\":\"SCHED_DEADLINE\",\"runtime\":5000,\"deadline\":4000}", "",
     OCI_FAULT_CONFLICT, "/process/scheduler/deadline", ""},
    {"",
     ",\"scheduler\":{\"policy\":\"SCHED_DEADLINE\",\"runtime\":5000,\"deadline\":6000,"
     "\"period\":5500}",
     "", OCI_FAULT_CONFLICT, "/process/scheduler/period", ""},
    {"",
     ",\"scheduler\":{\"policy\":\"SCHED_DEADLINE\",\"runtime\":5000,"
     "\"deadline\":9223372036854775808}",
     "", OCI_FAULT_RANGE, "/process/scheduler/deadline", ""},
    {"", ",\"execCPUAffinity\":{\"initial\":\"3-1\"}", "", OCI_FAULT_VALUE,
     "/process/execCPUAffinity/initial", ""},
    {"", ",\"execCPUAffinity\":{\"final\":\"1,,2\"}", "", OCI_FAULT_VALUE,
     "/process/execCPUAffinity/final", ""},
    /* namespaces and mappings */
    {"", "", "\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"ipc\"},{\"type\":\"pid\"}]",
     OCI_FAULT_DUPLICATE, "/linux/namespaces/2/type", ""},
    {"", "", "\"namespaces\":[{\"type\":\"pid\",\"path\":\"proc/1/ns/pid\"}]", OCI_FAULT_VALUE,
     "/linux/namespaces/0/path", ""},
    {"", "", "\"namespaces\":[{\"type\":\"pid\",\"path\":\"\"}]", OCI_FAULT_VALUE,
     "/linux/namespaces/0/path", ""},
    {"", "", "\"uidMappings\":[" MAP(0, 1, 1) "]", OCI_FAULT_CONFLICT, "/linux/uidMappings", ""},
    {"", "", "\"gidMappings\":[" MAP(0, 1, 1) "]", OCI_FAULT_CONFLICT, "/linux/gidMappings", ""},
    {"", "", "\"namespaces\":[{\"type\":\"user\"}],\"gidMappings\":[" MAP(0, 1, 1) "]",
     OCI_FAULT_MISSING, "/linux/uidMappings", ""},
    {"", "", USERNS "\"gidMappings\":[" MAP(0, 1, 1) "],\"uidMappings\":[" MAP(0, 1, 0) "]",
     OCI_FAULT_RANGE, "/linux/uidMappings/0/size", ""},
    {"", "",
     USERNS "\"gidMappings\":[" MAP(0, 1, 1) "],\"uidMappings\":[" MAP(4294967295, 1, 1) "]",
     OCI_FAULT_RANGE, "/linux/uidMappings/0/size", ""},
    {"", "",
     USERNS "\"gidMappings\":[" MAP(0, 1, 1) "],\"uidMappings\":[" MAP(1, 0, 4294967295) "]",
     OCI_FAULT_RANGE, "/linux/uidMappings/0/size", ""},
    {"", "",
     USERNS
     "\"uidMappings\":[" MAP(0, 1, 1) "],\"gidMappings\":[" MAP(0, 100, 10) "," MAP(9, 200, 1) "]",
     OCI_FAULT_CONFLICT, "/linux/gidMappings/1", ""},
    {"", "",
     USERNS
     "\"uidMappings\":[" MAP(0, 1, 1) "],\"gidMappings\":[" MAP(0, 100, 10) "," MAP(10, 109, 1) "]",
     OCI_FAULT_CONFLICT, "/linux/gidMappings/1", ""},
    /* time, devices, network devices */
    {"", "", "\"timeOffsets\":{\"boottime\":{\"secs\":1}}", OCI_FAULT_CONFLICT,
     "/linux/timeOffsets", ""},
    {"", "",
     "\"namespaces\":[{\"type\":\"time\",\"path\":\"/x\"}],"
     "\"timeOffsets\":{\"boottime\":{\"secs\":1}}",
     OCI_FAULT_CONFLICT, "/linux/timeOffsets", ""},
    {"", "",
     "\"namespaces\":[{\"type\":\"time\"}],"
     "\"timeOffsets\":{\"monotonic\":{\"nanosecs\":1000000000}}",
     OCI_FAULT_RANGE, "/linux/timeOffsets/monotonic/nanosecs", ""},
    {"", "", "\"devices\":[{\"path\":\"dev/x\",\"type\":\"p\"}]", OCI_FAULT_VALUE,
     "/linux/devices/0/path", ""},
    {"", "", "\"devices\":[{\"path\":\"/x\",\"type\":\"c\",\"minor\":0}]", OCI_FAULT_MISSING,
     "/linux/devices/0/major", ""},
    {"", "", "\"devices\":[{\"path\":\"/x\",\"type\":\"b\",\"major\":0}]", OCI_FAULT_MISSING,
     "/linux/devices/0/minor", ""},
    {"", "", "\"devices\":[{\"path\":\"/x\",\"type\":\"u\",\"major\":4096,\"minor\":0}]",
     OCI_FAULT_RANGE, "/linux/devices/0/major", ""},
    {"", "", "\"devices\":[{\"path\":\"/x\",\"type\":\"u\",\"major\":1,\"minor\":-1}]",
     OCI_FAULT_RANGE, "/linux/devices/0/minor", ""},
    {"", "", "\"devices\":[{\"path\":\"/x\",\"type\":\"p\",\"uid\":4294967295}]", OCI_FAULT_RANGE,
     "/linux/devices/0/uid", ""},
    {"", "", "\"devices\":[{\"path\":\"/x\",\"type\":\"p\",\"gid\":4294967295}]", OCI_FAULT_RANGE,
     "/linux/devices/0/gid", ""},
    {"", "", "\"netDevices\":{\"eth0\":{}}", OCI_FAULT_CONFLICT, "/linux/netDevices", ""},
    {"", "", "\"namespaces\":[{\"type\":\"network\"}],\"netDevices\":{\"a/b\":{}}", OCI_FAULT_VALUE,
     "/linux/netDevices/a~1b", ""},
    {"", "",
     "\"namespaces\":[{\"type\":\"network\"}],"
     "\"netDevices\":{\"eth0\":{\"name\":\"0123456789abcdef\"}}",
     OCI_FAULT_VALUE, "/linux/netDevices/eth0/name", ""},
    {"", "",
     "\"namespaces\":[{\"type\":\"network\"}],\"netDevices\":{\"eth0\":{\"name\":\"a%db\"}}",
     OCI_FAULT_VALUE, "/linux/netDevices/eth0/name", ""},
    {"", "",
     "\"namespaces\":[{\"type\":\"network\"}],"
     "\"netDevices\":{\"eth0\":{},\"eth1\":{\"name\":\"eth0\"}}",
     OCI_FAULT_DUPLICATE, "/linux/netDevices/eth1", ""},
    /* paths, sysctls */
    {"", "", "\"cgroupsPath\":\"/a/../../b\"", OCI_FAULT_VALUE, "/linux/cgroupsPath", ""},
    {"", "", "\"cgroupsPath\":\"..\"", OCI_FAULT_VALUE, "/linux/cgroupsPath", ""},
    {"", "", "\"readonlyPaths\":[\"\"]", OCI_FAULT_VALUE, "/linux/readonlyPaths/0", ""},
    {"", "", "\"maskedPaths\":[\"/a\",\"b\"]", OCI_FAULT_VALUE, "/linux/maskedPaths/1", ""},
    {"", "", "\"namespaces\":[{\"type\":\"mount\"}],\"readonlyPaths\":[\"proc\"]", OCI_FAULT_VALUE,
     "/linux/readonlyPaths/0", ""},
    {"", "", "\"sysctl\":{\"vm.swappiness\":\"1\"}", OCI_FAULT_VALUE, "/linux/sysctl/vm.swappiness",
     ""},
    {"", "", "\"sysctl\":{\"kernel.core_pattern\":\"1\"}", OCI_FAULT_VALUE,
     "/linux/sysctl/kernel.core_pattern", ""},
    {"", "", "\"sysctl\":{\"net.ipv4.ip_forward\":\"1\"}", OCI_FAULT_CONFLICT,
     "/linux/sysctl/net.ipv4.ip_forward", ""},
    {"", "", "\"sysctl\":{\"net/ipv4/conf/eth0.1/forwarding\":\"1\"}", OCI_FAULT_CONFLICT,
     "/linux/sysctl/net~1ipv4~1conf~1eth0.1~1forwarding", ""},
    {"", "", "\"sysctl\":{\"kernel.shmmax\":\"1\"}", OCI_FAULT_CONFLICT,
     "/linux/sysctl/kernel.shmmax", ""},
    {"", "", "\"sysctl\":{\"fs.mqueue.msg_max\":\"1\"}", OCI_FAULT_CONFLICT,
     "/linux/sysctl/fs.mqueue.msg_max", ""},
    {"", "", "\"sysctl\":{\"user.max_user_namespaces\":\"1\"}", OCI_FAULT_CONFLICT,
     "/linux/sysctl/user.max_user_namespaces", ""},
    {"", "", "\"sysctl\":{\"kernel.domainname\":\"1\"}", OCI_FAULT_CONFLICT,
     "/linux/sysctl/kernel.domainname", ""},
    {",\"hostname\":\"h\"", "",
     "\"namespaces\":[{\"type\":\"uts\"}],\"sysctl\":{\"kernel.hostname\":\"1\"}",
     OCI_FAULT_CONFLICT, "/linux/sysctl/kernel.hostname", ""},
    {"", "", "\"namespaces\":[{\"type\":\"network\"}],\"sysctl\":{\"net..x\":\"1\"}",
     OCI_FAULT_VALUE, "/linux/sysctl/net..x", ""},
    {"", "", "\"namespaces\":[{\"type\":\"network\"}],\"sysctl\":{\"net/../kernel/x\":\"1\"}",
     OCI_FAULT_VALUE, "/linux/sysctl/net~1..~1kernel~1x", ""},
    {"", "", "\"namespaces\":[{\"type\":\"network\"}],\"sysctl\":{\"net.//.kernel.x\":\"1\"}",
     OCI_FAULT_VALUE, "/linux/sysctl/net.~1~1.kernel.x", ""},
    {"", "", "\"namespaces\":[{\"type\":\"network\"}],\"sysctl\":{\"net.x\":\"1\\n2\"}",
     OCI_FAULT_VALUE, "/linux/sysctl/net.x", ""},
    /* the rest of linux */
    {"", "", "\"intelRdt\":{\"closID\":\"..\"}", OCI_FAULT_VALUE, "/linux/intelRdt/closID", ""},
    {"", "", "\"intelRdt\":{\"closID\":\"a/b\"}", OCI_FAULT_VALUE, "/linux/intelRdt/closID", ""},
    {"", "", "\"intelRdt\":{\"l3CacheSchema\":\"L3:1\\n\"}", OCI_FAULT_VALUE,
     "/linux/intelRdt/l3CacheSchema", ""},
    {"", "", "\"intelRdt\":{\"schemata\":[\"L3:1\",\"a\\nb\"]}", OCI_FAULT_VALUE,
     "/linux/intelRdt/schemata/1", ""},
    {"", "", "\"memoryPolicy\":{\"nodes\":\"0\"}", OCI_FAULT_MISSING, "/linux/memoryPolicy/mode",
     ""},
    {"", "", "\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"x\"}", OCI_FAULT_VALUE,
     "/linux/memoryPolicy/nodes", ""},
    {"", "", "\"memoryPolicy\":{\"mode\":\"MPOL_BIND\"}", OCI_FAULT_MISSING,
     "/linux/memoryPolicy/nodes", ""},
    {"", "", "\"memoryPolicy\":{\"mode\":\"MPOL_LOCAL\",\"nodes\":\"1\"}", OCI_FAULT_CONFLICT,
     "/linux/memoryPolicy/nodes", ""},
    {"", "",
     "\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"1\","
     "\"flags\":[\"MPOL_F_STATIC_NODES\",\"MPOL_F_RELATIVE_NODES\"]}",
     OCI_FAULT_CONFLICT, "/linux/memoryPolicy/flags", ""},
    {"", "",
     "\"memoryPolicy\":{\"mode\":\"MPOL_INTERLEAVE\",\"nodes\":\"1\","
     "\"flags\":[\"MPOL_F_NUMA_BALANCING\"]}",
     OCI_FAULT_CONFLICT, "/linux/memoryPolicy/flags", ""},
    {"", "", "\"personality\":{}", OCI_FAULT_MISSING, "/linux/personality/domain", ""},
    {"", "", "\"personality\":{\"domain\":\"LINUX\",\"flags\":[\"x\"]}", OCI_FAULT_NOT_SUPPORTED,
     "/linux/personality/flags", ""},
    /* resources */
    {"", "", RESOURCES("\"devices\":[{\"allow\":true},{\"allow\":true,\"access\":\"rwx\"}]"),
     OCI_FAULT_VALUE, "/linux/resources/devices/1/access", ""},
    {"", "", RESOURCES("\"devices\":[{\"allow\":true,\"major\":-2}]"), OCI_FAULT_RANGE,
     "/linux/resources/devices/0/major", ""},
    {"", "", RESOURCES("\"memory\":{\"limit\":-2}"), OCI_FAULT_RANGE,
     "/linux/resources/memory/limit", ""},
    {"", "", RESOURCES("\"memory\":{\"limit\":200,\"swap\":100}"), OCI_FAULT_CONFLICT,
     "/linux/resources/memory/swap", ""},
    {"", "", RESOURCES("\"memory\":{\"swappiness\":101}"), OCI_FAULT_RANGE,
     "/linux/resources/memory/swappiness", ""},
    {"", "", RESOURCES("\"cpu\":{\"quota\":999}"), OCI_FAULT_RANGE, "/linux/resources/cpu/quota",
     ""},
    {"", "", RESOURCES("\"cpu\":{\"quota\":-2}"), OCI_FAULT_RANGE, "/linux/resources/cpu/quota",
     ""},
    {"", "", RESOURCES("\"cpu\":{\"period\":1000001}"), OCI_FAULT_RANGE,
     "/linux/resources/cpu/period", ""},
    {"", "", RESOURCES("\"cpu\":{\"quota\":2000,\"burst\":2001}"), OCI_FAULT_CONFLICT,
     "/linux/resources/cpu/burst", ""},
    {"", "", RESOURCES("\"cpu\":{\"realtimeRuntime\":-2}"), OCI_FAULT_RANGE,
     "/linux/resources/cpu/realtimeRuntime", ""},
    {"", "", RESOURCES("\"cpu\":{\"idle\":2}"), OCI_FAULT_RANGE, "/linux/resources/cpu/idle", ""},
    {"", "", RESOURCES("\"cpu\":{\"cpus\":\"0-\"}"), OCI_FAULT_VALUE, "/linux/resources/cpu/cpus",
     ""},
    {"", "", RESOURCES("\"cpu\":{\"mems\":\"all\"}"), OCI_FAULT_VALUE, "/linux/resources/cpu/mems",
     ""},
    {"", "", RESOURCES("\"pids\":{\"limit\":-2}"), OCI_FAULT_RANGE, "/linux/resources/pids/limit",
     ""},
    {"", "", RESOURCES("\"blockIO\":{\"weight\":9}"), OCI_FAULT_RANGE,
     "/linux/resources/blockIO/weight", ""},
    {"", "", RESOURCES("\"blockIO\":{\"leafWeight\":1001}"), OCI_FAULT_RANGE,
     "/linux/resources/blockIO/leafWeight", ""},
    {"", "", RESOURCES("\"blockIO\":{\"weightDevice\":[{\"major\":8,\"minor\":0}]}"),
     OCI_FAULT_MISSING, "/linux/resources/blockIO/weightDevice/0", ""},
    {"", "", RESOURCES("\"blockIO\":{\"throttleWriteIOPSDevice\":[{\"major\":8,\"minor\":-1}]}"),
     OCI_FAULT_RANGE, "/linux/resources/blockIO/throttleWriteIOPSDevice/0/minor", ""},
    {"", "",
     RESOURCES("\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":1},"
               "{\"pageSize\":\"2MB\",\"limit\":2}]"),
     OCI_FAULT_DUPLICATE, "/linux/resources/hugepageLimits/1/pageSize", ""},
    {"", "", RESOURCES("\"network\":{\"priorities\":[{\"name\":\"a b\",\"priority\":1}]}"),
     OCI_FAULT_VALUE, "/linux/resources/network/priorities/0/name", ""},
    {"", "", RESOURCES("\"rdma\":{\"mlx\":{}}"), OCI_FAULT_MISSING, "/linux/resources/rdma/mlx",
     ""},
    {"", "", RESOURCES("\"unified\":{\"../x.y\":\"1\"}"), OCI_FAULT_VALUE,
     "/linux/resources/unified/..~1x.y", ""},
    {"", "", RESOURCES("\"unified\":{\"memory\":\"1\"}"), OCI_FAULT_VALUE,
     "/linux/resources/unified/memory", ""},
    /* seccomp */
    {"", "", "\"seccomp\":{\"defaultAction\":\"SCMP_ACT_NOTIFY\"}", OCI_FAULT_NOT_SUPPORTED,
     "/linux/seccomp/defaultAction", ""},
    {"", "",
     SECCOMP("\"listenerPath\":\"/l\",\"syscalls\":[{\"names\":[\"read\",\"write\"],"
             "\"action\":\"SCMP_ACT_NOTIFY\"}]"),
     OCI_FAULT_NOT_SUPPORTED, "/linux/seccomp/syscalls/0/names/1", ""},
    {"", "", SECCOMP("\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_NOTIFY\"}]"),
     OCI_FAULT_MISSING, "/linux/seccomp/listenerPath", ""},
    {"", "",
     SECCOMP("\"listenerPath\":\"l\",\"syscalls\":[{\"names\":[\"read\"],"
             "\"action\":\"SCMP_ACT_NOTIFY\"}]"),
     OCI_FAULT_VALUE, "/linux/seccomp/listenerPath", ""},
    {"", "", SECCOMP("\"listenerMetadata\":\"m\""), OCI_FAULT_CONFLICT,
     "/linux/seccomp/listenerMetadata", ""},
    {"", "", SECCOMP("\"defaultErrnoRet\":1"), OCI_FAULT_CONFLICT, "/linux/seccomp/defaultErrnoRet",
     ""},
    {"", "",
     SECCOMP("\"syscalls\":[{\"names\":[\"a\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":4096}]"),
     OCI_FAULT_RANGE, "/linux/seccomp/syscalls/0/errnoRet", ""},
    {"", "",
     SECCOMP("\"syscalls\":[{\"names\":[\"a\"],\"action\":\"SCMP_ACT_LOG\",\"args\":["
             "{\"index\":6,\"value\":0,\"op\":\"SCMP_CMP_EQ\"}]}]"),
     OCI_FAULT_RANGE, "/linux/seccomp/syscalls/0/args/0/index", ""},
};

static int check(const char *text, unsigned flags, struct oci_fault *ret_fault)
{
    _cleanup_oci_arena_ struct oci_arena arena;
    struct oci_report report = OCI_REPORT_FIRST(ret_fault);
    struct oci_spec *spec;
    char words[1024];
    int r;

    *ret_fault = (struct oci_fault){0};
    oci_arena_init(&arena);
    if (oci_spec_parse(&arena, text, strlen(text), &spec, &report) < 0) {
        oci_fault_format(ret_fault, words, sizeof(words));
        fail_msg("%s\n%s", text, words);
    }
    r = oci_spec_validate(spec, flags, &report);
    if (r < 0) {
        oci_report_locate(&report, text, strlen(text));
        assert_int_not_equal(ret_fault->line, 0);
    }
    assert_int_equal(r, report.count > 0 ? -EINVAL : 0);
    return r;
}

static void each_rule_refuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rule_cases); i++) {
        const struct rule_case *rule = &rule_cases[i];
        struct oci_fault fault;
        char text[2048], words[1024];

        snprintf(text, sizeof(text),
                 "{\"ociVersion\":\"1.2.0\",\"root\":{\"path\":\"r\"},"
                 "\"process\":{\"cwd\":\"/\",\"args\":[\"a\"]%s},\"linux\":{%s}%s}",
                 rule->process, rule->linux, rule->spec);
        check(text, OCI_VALIDATE_RUNNABLE | OCI_VALIDATE_CHECK, &fault);
        oci_fault_format(&fault, words, sizeof(words));
        if (fault.kind != rule->kind || strcmp(fault.pointer, rule->pointer) != 0 ||
            strcmp(fault.suggestion, rule->suggestion) != 0)
            fail_msg("%s\ngave %s %s", text, oci_fault_kind_name(fault.kind), words);
    }
}

static void versions_are_bounded(void **state)
{
    static const char *const good[] = {"1.0.0", "1.0.0-rc5", "1.0.2-dev",
                                       "1.3.0", "1.99.0",    "1.2.3-a.b-c+build.7"};
    static const char *const bad[] = {"",       "1",          "1.0",    "0.5.0-dev", "2.0.0",
                                      "1.0.x",  "1.0.0-",     "1.0.0+", "v1.0.0",    "1.00.0",
                                      "1.0.0 ", "1.0.0-a..b", "10.0.0", " 1.0.0"};
    struct oci_fault fault;
    char text[256];

    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        snprintf(text, sizeof(text), "{\"ociVersion\":\"%s\",\"root\":{\"path\":\"r\"}}", good[i]);
        assert_int_equal(check(text, 0, &fault), 0);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        snprintf(text, sizeof(text), "{\"ociVersion\":\"%s\",\"root\":{\"path\":\"r\"}}", bad[i]);
        assert_int_equal(check(text, 0, &fault), -EINVAL);
        assert_int_equal(fault.kind, OCI_FAULT_VERSION);
        assert_string_equal(fault.pointer, "/ociVersion");
        assert_int_equal(fault.column, 15);
    }
}

static void a_runnable_container_needs_a_program(void **state)
{
    static const char no_process[] = "{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\"}}";
    static const char no_args[] = "{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\"},"
                                  "\"process\":{\"cwd\":\"/\",\"args\":[]}}";
    static const char no_root[] = "{\"ociVersion\":\"1.0.0\"}";
    static const char empty_root[] = "{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"\"}}";
    static const char relative[] = "{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\"},"
                                   "\"process\":{\"cwd\":\"tmp\"}}";
    struct oci_fault fault;

    (void)state;
    assert_int_equal(check(no_process, 0, &fault), 0);
    assert_int_equal(check(no_process, OCI_VALIDATE_RUNNABLE, &fault), -EINVAL);
    assert_string_equal(fault.pointer, "/process");
    assert_int_equal(check(no_args, 0, &fault), 0);
    assert_int_equal(check(no_args, OCI_VALIDATE_RUNNABLE, &fault), -EINVAL);
    assert_string_equal(fault.pointer, "/process/args");
    assert_int_equal(check(no_root, 0, &fault), -EINVAL);
    assert_string_equal(fault.pointer, "/root");
    assert_int_equal(check(empty_root, 0, &fault), -EINVAL);
    assert_string_equal(fault.pointer, "/root/path");
    assert_int_equal(check(relative, 0, &fault), -EINVAL);
    assert_string_equal(fault.pointer, "/process/cwd");
}

/* What engines send, and what is unusual but right. */
static void good_documents_pass(void **state)
{
    static const char text[] =
        "{\"ociVersion\":\"1.0.2-dev\",\"root\":{\"path\":\"/r\"},\"hostname\":\"h\","
        "\"process\":{\"cwd\":\"/\",\"args\":[\"\"],\"env\":[\"A=\",\"B==\"],"
        "\"user\":{\"uid\":4294967294,\"umask\":18},\"oomScoreAdj\":-1000,"
        "\"scheduler\":{\"policy\":\"SCHED_DEADLINE\",\"runtime\":1024,\"deadline\":1024},"
        "\"execCPUAffinity\":{\"initial\":\"\",\"final\":\"0-3, 7\"},"
        "\"capabilities\":{\"bounding\":[\"CAP_CHECKPOINT_RESTORE\"]},"
        "\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"soft\":5,\"hard\":5}]},"
        "\"mounts\":[{\"destination\":\"relative\",\"options\":[\"idmap\"]}],"
        "\"linux\":{\"namespaces\":[{\"type\":\"user\"},{\"type\":\"uts\",\"path\":\"/p\"},"
        "{\"type\":\"mount\"},{\"type\":\"network\"},{\"type\":\"ipc\"},{\"type\":\"time\"}],"
        "\"uidMappings\":[" MAP(0, 0, 4294967295) "],\"gidMappings\":[" MAP(0, 9, 9) "," MAP(
            9, 0,
            9) "],"
               "\"timeOffsets\":{\"monotonic\":{\"secs\":-1,\"nanosecs\":999999999}},"
               "\"sysctl\":{\"net.ipv4.conf.eth0/1.forwarding\":\"1\",\"kernel/shmmax\":\"2\","
               "\"kernel.domainname\":\"d\",\"user.max_mnt_namespaces\":\"3\",\"net/a.b/"
               "c\":\"+4\"},"
               "\"devices\":[{\"path\":\"/dev/f/\",\"type\":\"p\"},"
               "{\"path\":\"/dev/"
               "fuse\",\"type\":\"c\",\"major\":10,\"minor\":229,\"fileMode\":8612}],"
               "\"netDevices\":{\"eth0\":{\"name\":\"eth%d\"},\"eth1\":{\"name\":\"eth%d\"},\"x\":{"
               "}},"
               "\"cgroupsPath\":\"machine.slice:libpod:..x\",\"maskedPaths\":[\"/a\",\"/a\"],"
               "\"intelRdt\":{\"closID\":\"/\"},"
               "\"memoryPolicy\":{\"mode\":\"MPOL_PREFERRED\",\"nodes\":\"\"},"
               "\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,"
               "\"listenerPath\":\"\",\"syscalls\":[{\"names\":[\"write\"],"
               "\"action\":\"SCMP_ACT_TRACE\",\"errnoRet\":65535}]},"
               "\"resources\":{\"devices\":[{\"allow\":false,\"access\":\"rwm\"},"
               "{\"allow\":true,\"type\":\"c\",\"major\":-1,\"minor\":-1}],"
               "\"memory\":{\"limit\":0,\"reservation\":0,\"swap\":0,\"kernel\":0,"
               "\"disableOOMKiller\":false},\"cpu\":{\"shares\":0,\"quota\":0,\"period\":0,"
               "\"burst\":0,\"cpus\":\"\",\"mems\":\"\"},\"pids\":{\"limit\":0},"
               "\"blockIO\":{\"weight\":0},\"unified\":{\"cpu.max\":\"max\"}}}}";
    struct oci_fault fault;
    char words[1024];

    (void)state;
    if (check(text, OCI_VALIDATE_RUNNABLE | OCI_VALIDATE_CHECK, &fault) < 0) {
        oci_fault_format(&fault, words, sizeof(words));
        fail_msg("%s", words);
    }
}

/* Unknown capabilities are only for a check: a run warns and goes on. */
static void capabilities_are_for_a_check(void **state)
{
    static const char text[] = "{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\"},"
                               "\"process\":{\"cwd\":\"/\",\"args\":[\"a\"],"
                               "\"capabilities\":{\"bounding\":[\"CAP_X\"]}}}";
    struct oci_fault fault;

    (void)state;
    assert_int_equal(check(text, OCI_VALIDATE_RUNNABLE, &fault), 0);
    assert_int_equal(check(text, OCI_VALIDATE_CHECK, &fault), -EINVAL);
    assert_int_equal(fault.kind, OCI_FAULT_VALUE);
}

static void parts_are_validated_alone(void **state)
{
    static const char process_text[] = "{\"cwd\":\"x\",\"args\":[\"a\"]}";
    static const char resources_text[] = "{\"memory\":{\"limit\":-3}}";
    _cleanup_oci_arena_ struct oci_arena arena;
    struct oci_fault fault;
    struct oci_report report = OCI_REPORT_FIRST(&fault);
    struct oci_linux_resources *resources;
    struct oci_process *process;

    (void)state;
    oci_arena_init(&arena);
    assert_int_equal(
        oci_process_parse(&arena, process_text, strlen(process_text), &process, &report), 0);
    assert_int_equal(oci_process_validate(process, OCI_VALIDATE_RUNNABLE, &report), -EINVAL);
    assert_string_equal(fault.pointer, "/cwd");
    report.count = 0;
    assert_int_equal(oci_linux_resources_parse(&arena, resources_text, strlen(resources_text),
                                               &resources, &report),
                     0);
    assert_int_equal(oci_linux_resources_validate(resources, &report), -EINVAL);
    assert_string_equal(fault.pointer, "/memory/limit");
}

static void messages_are_printable(void **state)
{
    static const char text[] = "{\"ociVersion\":\"1.0.0\\n\\u007f\",\"root\":{\"path\":\"r\"}}";
    struct oci_fault fault;

    (void)state;
    assert_int_equal(check(text, 0, &fault), -EINVAL);
    assert_string_equal(fault.message, "\"1.0.0??\" is not a version such as 1.2.0");
}

static void names_have_numbers(void **state)
{
    const char *const *names = oci_capability_names();

    (void)state;
    for (int i = 0; names[i] != NULL; i++)
        assert_int_equal(oci_capability_number(names[i]), i);
    assert_int_equal(oci_capability_number("CAP_SYS_ADMIN"), 21);
    assert_int_equal(oci_capability_number("CAP_"), -1);
    assert_int_equal(oci_capability_number("CAP_K"), -1);
    assert_int_equal(oci_capability_number("KILL"), -1);
    assert_int_equal(oci_rlimit_number("RLIMIT_NOFILE"), RLIMIT_NOFILE);
    assert_int_equal(oci_rlimit_number("RLIMIT_STACK"), RLIMIT_STACK);
    assert_int_equal(oci_rlimit_number("RLIMIT_RTTIME"), RLIMIT_RTTIME);
    assert_int_equal(oci_rlimit_number("NOFILE"), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_rule_refuses),
        cmocka_unit_test(versions_are_bounded),
        cmocka_unit_test(a_runnable_container_needs_a_program),
        cmocka_unit_test(good_documents_pass),
        cmocka_unit_test(capabilities_are_for_a_check),
        cmocka_unit_test(parts_are_validated_alone),
        cmocka_unit_test(messages_are_printable),
        cmocka_unit_test(names_have_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
