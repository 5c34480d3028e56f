/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The resources that are lists: limits per block device, huge page size, network interface and RDMA
 * device, and the raw files of cgroup2.  Runs in dray only.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "plan/plan_cgroup_resources.h"

#define MAJOR_MAX 4095 /* MINORBITS is 20 in the kernel */
#define MINOR_MAX 1048575

struct throttle {
    const char *path;
    size_t items; /* offsets in struct oci_linux_block_io */
    size_t count;
    const char *v1;
    const char *v2_key; /* in io.max */
};

#define THROTTLE(name, member, v1, v2_key)                                                    \
    {                                                                                         \
        "blockIO/" name, offsetof(struct oci_linux_block_io, member),                         \
            offsetof(struct oci_linux_block_io, member##_count), "blkio.throttle." v1, v2_key \
    }

static const struct throttle throttles[] = {
    THROTTLE("throttleReadBpsDevice", throttle_read_bps_device, "read_bps_device", "rbps"),
    THROTTLE("throttleWriteBpsDevice", throttle_write_bps_device, "write_bps_device", "wbps"),
    THROTTLE("throttleReadIOPSDevice", throttle_read_iops_device, "read_iops_device", "riops"),
    THROTTLE("throttleWriteIOPSDevice", throttle_write_iops_device, "write_iops_device", "wiops"),
};

static const struct oci_linux_throttle_device *
throttle_items(const struct oci_linux_block_io *block_io, const struct throttle *throttle,
               size_t *ret_count)
{
    const char *base = (const char *)block_io;

    *ret_count = *(const size_t *)(const void *)(base + throttle->count);
    return *(struct oci_linux_throttle_device *const *)(const void *)(base + throttle->items);
}

static int check_device(struct resources_writer *writer, const char *path, int64_t major,
                        int64_t minor)
{
    if (major < 0 || major > MAJOR_MAX || minor < 0 || minor > MINOR_MAX)
        return resources_error(writer, path, ERROR_CONFIG_RANGE,
                               "%lld:%lld are no device numbers: at most %d:%d", (long long)major,
                               (long long)minor, MAJOR_MAX, MINOR_MAX);
    return 0;
}

static int plan_throttle(struct resources_writer *writer, const struct throttle *throttle)
{
    enum resources_place place = resources_find(writer, HOST_CGROUP_BLKIO);
    const struct oci_linux_throttle_device *items;
    size_t count;

    items = throttle_items(writer->resources->block_io, throttle, &count);
    for (size_t i = 0; i < count; i++) {
        long long major = items[i].major, minor = items[i].minor;
        unsigned long long rate = items[i].rate.value;
        char path[RESOURCES_PATH_MAX], value[96];
        int r;

        if (!items[i].rate.set)
            continue;
        snprintf(path, sizeof(path), "%s/%zu", throttle->path, i);
        r = check_device(writer, path, major, minor);
        if (r < 0)
            return r;
        if (place != RESOURCES_V2)
            snprintf(value, sizeof(value), "%lld:%lld %llu", major, minor, rate);
        else if (rate != 0)
            snprintf(value, sizeof(value), "%lld:%lld %s=%llu", major, minor, throttle->v2_key,
                     rate);
        else /* v1's way to lift the limit */
            snprintf(value, sizeof(value), "%lld:%lld %s=max", major, minor, throttle->v2_key);
        r = resources_add(writer, &(struct resources_write){
                                      .controller = HOST_CGROUP_BLKIO,
                                      .place = place,
                                      .file = place == RESOURCES_V2 ? "io.max" : throttle->v1,
                                      .value = value,
                                      .path = path,
                                  });
        if (r < 0)
            return r;
    }
    return 0;
}

static int plan_weight_device(struct resources_writer *writer,
                              const struct oci_linux_weight_device *device, const char *path)
{
    enum resources_place place = resources_find(writer, HOST_CGROUP_BLKIO);
    bool v2 = place == RESOURCES_V2;
    char value[64], alternative[64];
    struct resources_write write = {
        .controller = HOST_CGROUP_BLKIO,
        .place = place,
        .flags = place == RESOURCES_MISSING ? 0 : PLAN_CGROUP_ALTERNATIVE,
        .file = v2 ? "io.bfq.weight" : "blkio.weight_device",
        .value = value,
        .path = path,
    };
    uint64_t weight = device->weight.value;
    int r;

    if (weight > 1000)
        return resources_error(writer, path, ERROR_CONFIG_RANGE,
                               "the weight %u is not from 1 to 1000", device->weight.value);
    snprintf(value, sizeof(value), "%lld:%lld %llu", (long long)device->major,
             (long long)device->minor, (unsigned long long)weight);
    r = resources_add(writer, &write);
    if (r < 0)
        return r;
    snprintf(alternative, sizeof(alternative), "%lld:%lld %llu", (long long)device->major,
             (long long)device->minor,
             (unsigned long long)(v2 ? resources_io_weight(weight) : weight));
    write.flags = 0;
    write.file = v2 ? "io.weight" : "blkio.bfq.weight_device";
    write.value = alternative;
    return resources_add(writer, &write);
}

static int plan_leaf_weight_device(struct resources_writer *writer,
                                   const struct oci_linux_weight_device *device, const char *path)
{
    enum resources_place place = resources_find(writer, HOST_CGROUP_BLKIO);
    char value[64];

    if (place == RESOURCES_V2)
        return resources_error_v1_only(writer, path, HOST_CGROUP_BLKIO, "blkio.leaf_weight_device");
    snprintf(value, sizeof(value), "%lld:%lld %u", (long long)device->major,
             (long long)device->minor, device->leaf_weight.value);
    return resources_add(writer, &(struct resources_write){
                                     .controller = HOST_CGROUP_BLKIO,
                                     .place = place,
                                     .file = "blkio.leaf_weight_device",
                                     .value = value,
                                     .path = path,
                                 });
}

static int plan_block_io(struct resources_writer *writer)
{
    const struct oci_linux_block_io *block_io = writer->resources->block_io;
    int r;

    if (block_io == NULL)
        return 0;
    for (size_t i = 0; i < block_io->weight_device_count; i++) {
        const struct oci_linux_weight_device *device = &block_io->weight_device[i];
        char path[RESOURCES_PATH_MAX];

        snprintf(path, sizeof(path), "blockIO/weightDevice/%zu", i);
        r = check_device(writer, path, device->major, device->minor);
        if (r == 0 && device->weight.value != 0)
            r = plan_weight_device(writer, device, path);
        if (r == 0 && device->leaf_weight.value != 0)
            r = plan_leaf_weight_device(writer, device, path);
        if (r < 0)
            return r;
    }
    for (size_t i = 0; i < sizeof(throttles) / sizeof(throttles[0]); i++) {
        r = plan_throttle(writer, &throttles[i]);
        if (r < 0)
            return r;
    }
    return 0;
}

/* "64KB", "2MB", "1GB" */
static bool is_page_size(const char *text)
{
    size_t digits = strspn(text, "0123456789");

    return digits > 0 && digits < 16 && text[digits] != '\0' &&
           strchr("KMG", text[digits]) != NULL && strcmp(text + digits + 1, "B") == 0;
}

/*
 * Both ways of counting: at the fault, which every kernel has, and at the reservation, which the
 * spec prefers but older kernels lack.
 */
static int plan_hugepages(struct resources_writer *writer)
{
    static const struct {
        const char *v1, *v2;
        uint32_t flags;
    } files[] = {
        {"limit_in_bytes", "max", 0},
        {"rsvd.limit_in_bytes", "rsvd.max", PLAN_CGROUP_OPTIONAL},
    };
    enum resources_place place = resources_find(writer, HOST_CGROUP_HUGETLB);

    for (size_t i = 0; i < writer->resources->hugepage_limits_count; i++) {
        const struct oci_linux_hugepage_limit *limit = &writer->resources->hugepage_limits[i];
        char path[RESOURCES_PATH_MAX], file[64], value[24];

        snprintf(path, sizeof(path), "hugepageLimits/%zu", i);
        if (limit->page_size == NULL || !is_page_size(limit->page_size))
            return resources_error(writer, path, ERROR_CONFIG_VALUE,
                                   "\"%s\" is not a size of huge pages, as \"2MB\" is",
                                   limit->page_size != NULL ? limit->page_size : "");
        snprintf(value, sizeof(value), "%llu", (unsigned long long)limit->limit);
        for (size_t k = 0; k < 2; k++) {
            int r;

            snprintf(file, sizeof(file), "hugetlb.%s.%s", limit->page_size,
                     place == RESOURCES_V2 ? files[k].v2 : files[k].v1);
            r = resources_add(writer, &(struct resources_write){
                                          .controller = HOST_CGROUP_HUGETLB,
                                          .place = place,
                                          .flags = files[k].flags,
                                          .file = file,
                                          .value = value,
                                          .path = path,
                                      });
            if (r < 0)
                return r;
        }
    }
    return 0;
}

/* A name that stands in a line of its own between blanks. */
static bool is_plain_word(const char *name)
{
    return name != NULL && name[0] != '\0' && strpbrk(name, " \t\r\n") == NULL &&
           strlen(name) < 128;
}

static int plan_network(struct resources_writer *writer)
{
    const struct oci_linux_network *network = writer->resources->network;
    enum resources_place place = resources_find(writer, HOST_CGROUP_NET_PRIO);

    for (size_t i = 0; network != NULL && i < network->priorities_count; i++) {
        const struct oci_linux_interface_priority *priority = &network->priorities[i];
        char path[RESOURCES_PATH_MAX], value[160];
        int r;

        snprintf(path, sizeof(path), "network/priorities/%zu", i);
        if (!is_plain_word(priority->name))
            return resources_error(writer, path, ERROR_CONFIG_VALUE,
                                   "not a name of a network interface");
        if (writer->host->layout == HOST_CGROUP_V2 && place == RESOURCES_MISSING)
            return resources_error_v1_only(writer, path, HOST_CGROUP_NET_PRIO,
                                           "net_prio.ifpriomap");
        snprintf(value, sizeof(value), "%s %u", priority->name, priority->priority);
        r = resources_add(writer, &(struct resources_write){
                                      .controller = HOST_CGROUP_NET_PRIO,
                                      .place = place,
                                      .file = "net_prio.ifpriomap",
                                      .value = value,
                                      .path = path,
                                  });
        if (r < 0)
            return r;
    }
    return 0;
}

static int plan_rdma(struct resources_writer *writer)
{
    for (size_t i = 0; i < writer->resources->rdma_count; i++) {
        const struct oci_linux_rdma *rdma = &writer->resources->rdma[i];
        char value[200];
        size_t length;
        int r;

        if (!is_plain_word(rdma->key))
            return resources_error(writer, "rdma", ERROR_CONFIG_VALUE,
                                   "a key is not a name of an RDMA device");
        if (!rdma->hca_handles.set && !rdma->hca_objects.set)
            return resources_error(writer, "rdma", ERROR_CONFIG_MISSING,
                                   "device \"%s\" has neither hcaHandles nor hcaObjects",
                                   rdma->key);
        length = (size_t)snprintf(value, sizeof(value), "%s", rdma->key);
        if (rdma->hca_handles.set)
            length += (size_t)snprintf(value + length, sizeof(value) - length, " hca_handle=%u",
                                       rdma->hca_handles.value);
        if (rdma->hca_objects.set)
            snprintf(value + length, sizeof(value) - length, " hca_object=%u",
                     rdma->hca_objects.value);
        r = resources_add(writer, &(struct resources_write){
                                      .controller = HOST_CGROUP_RDMA,
                                      .place = resources_find(writer, HOST_CGROUP_RDMA),
                                      .file = "rdma.max",
                                      .value = value,
                                      .path = "rdma",
                                  });
        if (r < 0)
            return r;
    }
    return 0;
}

static int check_unified_key(struct resources_writer *writer, const char *key)
{
    /* files that would move, kill or stop processes, or make the cgroup useless for them */
    static const char *const refused[] = {"cgroup.procs", "cgroup.threads", "cgroup.type",
                                          "cgroup.kill", "cgroup.freeze"};
    const char *dot = strchr(key, '.');

    if (dot == NULL || dot == key || strchr(key, '/') != NULL || strlen(key) > 128)
        return resources_error(writer, "unified", ERROR_CONFIG_VALUE,
                               "\"%s\" is not a name of a cgroup2 file", key);
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        if (strcmp(key, refused[i]) == 0)
            return resources_error(writer, "unified", ERROR_CONFIG_VALUE,
                                   "\"%s\" controls processes, it is not a resource", key);
    return 0;
}

/* The kernel takes one line per write of files such as io.max. */
static int plan_unified_lines(struct resources_writer *writer, const char *key, const char *text)
{
    size_t prefix = strcspn(key, ".");
    int controller = host_cgroup_controller_find_v2(key, prefix);

    if (controller >= 0 && (writer->flags & RESOURCES_ANY_HOST) == 0 &&
        (writer->host->unified_controllers & 1u << controller) == 0)
        return resources_error(writer, "unified", ERROR_CGROUP_CONTROLLER,
                               "cannot write \"%s\": this host's cgroup2 has no controller "
                               "\"%.*s\"",
                               key, (int)prefix, key);
    do {
        size_t length = strcspn(text, "\n");
        char line[1024];
        int r;

        if (length >= sizeof(line))
            return resources_error(writer, "unified", ERROR_CONFIG_VALUE,
                                   "a line of \"%s\" is longer than %zu bytes", key,
                                   sizeof(line) - 1);
        memcpy(line, text, length);
        line[length] = '\0';
        text += length;
        text += *text == '\n';
        r = resources_add(writer, &(struct resources_write){
                                      .controller = controller >= 0
                                                        ? (enum host_cgroup_controller)controller
                                                        : HOST_CGROUP_CONTROLLERS,
                                      .place = RESOURCES_V2,
                                      .file = key,
                                      .value = line,
                                      .path = "unified",
                                      .key = key,
                                  });
        if (r < 0)
            return r;
    } while (*text != '\0');
    return 0;
}

static int plan_unified(struct resources_writer *writer)
{
    const struct oci_string_map *unified = &writer->resources->unified;
    bool any_host = (writer->flags & RESOURCES_ANY_HOST) != 0;
    int r;

    if (unified->count == 0)
        return 0;
    if (writer->host->layout != HOST_CGROUP_V2 && !any_host)
        return resources_error(writer, "unified", ERROR_CGROUP_HOST,
                               "invalid configuration: unified needs a host with cgroup2 at "
                               "/sys/fs/cgroup, this one has v1 hierarchies");
    for (size_t i = 0; i < unified->count; i++) {
        r = check_unified_key(writer, unified->items[i].key);
        if (r == 0)
            r = plan_unified_lines(writer, unified->items[i].key, unified->items[i].value);
        if (r < 0)
            return r;
    }
    return 0;
}

uint32_t resources_count_lists(const struct oci_linux_resources *resources)
{
    size_t count = resources->hugepage_limits_count * 2 + resources->rdma_count;

    if (resources->network != NULL)
        count += resources->network->priorities_count;
    if (resources->block_io != NULL) {
        count += resources->block_io->weight_device_count * 3;
        for (size_t i = 0; i < sizeof(throttles) / sizeof(throttles[0]); i++) {
            size_t items;

            throttle_items(resources->block_io, &throttles[i], &items);
            count += items;
        }
    }
    for (size_t i = 0; i < resources->unified.count; i++) {
        count++;
        for (const char *c = resources->unified.items[i].value; *c != '\0'; c++)
            count += *c == '\n';
    }
    return count < UINT32_MAX / 2 ? (uint32_t)count : UINT32_MAX / 2;
}

int resources_plan_lists(struct resources_writer *writer)
{
    int r = plan_block_io(writer);

    if (r == 0)
        r = plan_hugepages(writer);
    if (r == 0)
        r = plan_network(writer);
    if (r == 0)
        r = plan_rdma(writer);
    if (r == 0)
        r = plan_unified(writer);
    return r;
}
