/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rules for cgroup resources, in config.json and for update.  A zero is never refused: engines
 * write zeros for "not set".
 */
#include <inttypes.h>
#include <string.h>

#include "validate.h"

static void validate_at_least_minus_one(struct validation *validation, const struct place *place,
                                        const char *key, struct oci_optional_i64 number)
{
    if (number.set && number.value < -1)
        validation_refuse(validation, PLACE_KEY(place, key), OCI_FAULT_RANGE,
                          "%" PRId64 " is no limit, -1 is \"unlimited\"", number.value);
}

static void validate_memory(struct validation *validation, const struct place *place,
                            const struct oci_linux_memory *memory)
{
    validate_at_least_minus_one(validation, place, "limit", memory->limit);
    validate_at_least_minus_one(validation, place, "reservation", memory->reservation);
    validate_at_least_minus_one(validation, place, "swap", memory->swap);
    validate_at_least_minus_one(validation, place, "kernel", memory->kernel);
    validate_at_least_minus_one(validation, place, "kernelTCP", memory->kernel_tcp);
    if (memory->swap.set && memory->swap.value > 0 && memory->limit.set &&
        memory->swap.value < memory->limit.value)
        validation_refuse(validation, PLACE_KEY(place, "swap"), OCI_FAULT_CONFLICT,
                          "\"swap\" is memory and swap together and must not be below \"limit\": "
                          "%" PRId64 " is less than %" PRId64,
                          memory->swap.value, memory->limit.value);
    if (memory->swappiness.set && memory->swappiness.value > 100)
        validation_refuse(validation, PLACE_KEY(place, "swappiness"), OCI_FAULT_RANGE,
                          "the swappiness %" PRIu64 " is not from 0 to 100",
                          memory->swappiness.value);
}

/* The kernel's bounds of a bandwidth period and the least quota, in microseconds. */
#define CPU_TIME_MIN   1000
#define CPU_PERIOD_MAX 1000000

static void validate_cpu_time(struct validation *validation, const struct place *place,
                              const struct oci_linux_cpu *cpu)
{
    int64_t quota = cpu->quota.set ? cpu->quota.value : 0;

    if (quota < -1 || (quota > 0 && quota < CPU_TIME_MIN))
        validation_refuse(validation, PLACE_KEY(place, "quota"), OCI_FAULT_RANGE,
                          "the quota %" PRId64 " is less than %d microseconds", quota,
                          CPU_TIME_MIN);
    if (cpu->period.set && cpu->period.value != 0 &&
        (cpu->period.value < CPU_TIME_MIN || cpu->period.value > CPU_PERIOD_MAX))
        validation_refuse(validation, PLACE_KEY(place, "period"), OCI_FAULT_RANGE,
                          "the period %" PRIu64 " is not from %d to %d microseconds",
                          cpu->period.value, CPU_TIME_MIN, CPU_PERIOD_MAX);
    if (cpu->burst.set && quota > 0 && cpu->burst.value > (uint64_t)quota)
        validation_refuse(validation, PLACE_KEY(place, "burst"), OCI_FAULT_CONFLICT,
                          "the burst %" PRIu64 " is above the quota %" PRId64, cpu->burst.value,
                          quota);
}

static void validate_cpu(struct validation *validation, const struct place *place,
                         const struct oci_linux_cpu *cpu)
{
    validate_cpu_time(validation, place, cpu);
    validate_at_least_minus_one(validation, place, "realtimeRuntime", cpu->realtime_runtime);
    if (cpu->idle.set && (cpu->idle.value < 0 || cpu->idle.value > 1))
        validation_refuse(validation, PLACE_KEY(place, "idle"), OCI_FAULT_RANGE,
                          "%" PRId64 " is not 0 or 1", cpu->idle.value);
    if (cpu->cpus != NULL && !form_is_number_list(cpu->cpus))
        validation_refuse(validation, PLACE_KEY(place, "cpus"), OCI_FAULT_VALUE,
                          "\"%.60s\" is not a list of CPUs such as 0-3,7", cpu->cpus);
    if (cpu->mems != NULL && !form_is_number_list(cpu->mems))
        validation_refuse(validation, PLACE_KEY(place, "mems"), OCI_FAULT_VALUE,
                          "\"%.60s\" is not a list of memory nodes such as 0-3,7", cpu->mems);
}

static void validate_weight(struct validation *validation, const struct place *place,
                            const char *key, struct oci_optional_u16 weight)
{
    if (weight.set && weight.value != 0 && (weight.value < 10 || weight.value > 1000))
        validation_refuse(validation, PLACE_KEY(place, key), OCI_FAULT_RANGE,
                          "the weight %u is not from 10 to 1000", weight.value);
}

static void validate_block_number(struct validation *validation, const struct place *place,
                                  int64_t major, int64_t minor)
{
    if (major < 0 || major > UINT32_MAX)
        validation_refuse(validation, PLACE_KEY(place, "major"), OCI_FAULT_RANGE,
                          "%" PRId64 " is no major number of a device", major);
    if (minor < 0 || minor > UINT32_MAX)
        validation_refuse(validation, PLACE_KEY(place, "minor"), OCI_FAULT_RANGE,
                          "%" PRId64 " is no minor number of a device", minor);
}

static void validate_throttles(struct validation *validation, const struct place *place,
                               const struct oci_linux_throttle_device *devices, size_t count)
{
    for (size_t i = 0; i < count; i++)
        validate_block_number(validation, PLACE_ENTRY(place, i), devices[i].major,
                              devices[i].minor);
}

static void validate_block_io(struct validation *validation, const struct place *place,
                              const struct oci_linux_block_io *block_io)
{
    const struct place *weights = PLACE_KEY(place, "weightDevice");

    validate_weight(validation, place, "weight", block_io->weight);
    validate_weight(validation, place, "leafWeight", block_io->leaf_weight);
    for (size_t i = 0; i < block_io->weight_device_count; i++) {
        const struct oci_linux_weight_device *device = &block_io->weight_device[i];
        const struct place *entry = PLACE_ENTRY(weights, i);

        validate_block_number(validation, entry, device->major, device->minor);
        validate_weight(validation, entry, "weight", device->weight);
        validate_weight(validation, entry, "leafWeight", device->leaf_weight);
        if (!device->weight.set && !device->leaf_weight.set)
            validation_refuse(validation, entry, OCI_FAULT_MISSING,
                              "a device's entry needs \"weight\" or \"leafWeight\"");
    }
    validate_throttles(validation, PLACE_KEY(place, "throttleReadBpsDevice"),
                       block_io->throttle_read_bps_device,
                       block_io->throttle_read_bps_device_count);
    validate_throttles(validation, PLACE_KEY(place, "throttleWriteBpsDevice"),
                       block_io->throttle_write_bps_device,
                       block_io->throttle_write_bps_device_count);
    validate_throttles(validation, PLACE_KEY(place, "throttleReadIOPSDevice"),
                       block_io->throttle_read_iops_device,
                       block_io->throttle_read_iops_device_count);
    validate_throttles(validation, PLACE_KEY(place, "throttleWriteIOPSDevice"),
                       block_io->throttle_write_iops_device,
                       block_io->throttle_write_iops_device_count);
}

static void validate_rule_number(struct validation *validation, const struct place *place,
                                 const char *key, struct oci_optional_i64 number)
{
    if (number.set && (number.value < -1 || number.value > UINT32_MAX))
        validation_refuse(validation, PLACE_KEY(place, key), OCI_FAULT_RANGE,
                          "%" PRId64 " is no %s number of a device, -1 is \"any\"", number.value,
                          key);
}

static void validate_device_rules(struct validation *validation, const struct place *place,
                                  const struct oci_linux_device_rule *rules, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct place *entry = PLACE_ENTRY(place, i);
        const char *access = rules[i].access;

        validate_rule_number(validation, entry, "major", rules[i].major);
        validate_rule_number(validation, entry, "minor", rules[i].minor);
        if (access != NULL && access[strspn(access, "rwm")] != '\0')
            validation_refuse(validation, PLACE_KEY(entry, "access"), OCI_FAULT_VALUE,
                              "\"%.60s\" has other letters than r, w and m", access);
    }
}

static void validate_hugepages(struct validation *validation, const struct place *place,
                               const struct oci_linux_resources *resources)
{
    const struct oci_linux_hugepage_limit *limits = resources->hugepage_limits;

    for (size_t i = 0; i < resources->hugepage_limits_count && i < 64; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(limits[i].page_size, limits[j].page_size) == 0)
                validation_refuse(validation, PLACE_KEY(PLACE_ENTRY(place, i), "pageSize"),
                                  OCI_FAULT_DUPLICATE, "the page size %.20s occurs twice",
                                  limits[i].page_size);
}

static void validate_network(struct validation *validation, const struct place *place,
                             const struct oci_linux_network *network)
{
    const struct place *priorities = PLACE_KEY(place, "priorities");

    for (size_t i = 0; i < network->priorities_count; i++) {
        const char *name = network->priorities[i].name;

        if (!form_is_interface_name(name, strlen(name)))
            validation_refuse(validation, PLACE_KEY(PLACE_ENTRY(priorities, i), "name"),
                              OCI_FAULT_VALUE, "\"%.60s\" cannot be the name of a network device",
                              name);
    }
}

static void validate_rdma(struct validation *validation, const struct place *place,
                          const struct oci_linux_resources *resources)
{
    for (size_t i = 0; i < resources->rdma_count; i++) {
        const struct oci_linux_rdma *rdma = &resources->rdma[i];

        if (rdma->key[0] == '\0' || strpbrk(rdma->key, " \n") != NULL)
            validation_refuse(validation, PLACE_KEY(place, rdma->key), OCI_FAULT_VALUE,
                              "\"%.60s\" cannot be the name of an RDMA device", rdma->key);
        if (!rdma->hca_handles.set && !rdma->hca_objects.set)
            validation_refuse(validation, PLACE_KEY(place, rdma->key), OCI_FAULT_MISSING,
                              "an RDMA device needs \"hcaHandles\" or \"hcaObjects\"");
    }
}

/* Keys are the names of files in the cgroup: "memory.high". */
static void validate_unified(struct validation *validation, const struct place *place,
                             const struct oci_string_map *unified)
{
    for (size_t i = 0; i < unified->count; i++) {
        const char *key = unified->items[i].key;
        const char *dot = strchr(key, '.');

        if (dot == NULL || dot == key || dot[1] == '\0' || strchr(key, '/') != NULL)
            validation_refuse(validation, PLACE_KEY(place, key), OCI_FAULT_VALUE,
                              "\"%.60s\" is not a file of a cgroup such as memory.high", key);
    }
}

void validate_resources(struct validation *validation, const struct place *place,
                        const struct oci_linux_resources *resources)
{
    validate_device_rules(validation, PLACE_KEY(place, "devices"), resources->devices,
                          resources->devices_count);
    if (resources->memory != NULL)
        validate_memory(validation, PLACE_KEY(place, "memory"), resources->memory);
    if (resources->cpu != NULL)
        validate_cpu(validation, PLACE_KEY(place, "cpu"), resources->cpu);
    if (resources->pids != NULL)
        validate_at_least_minus_one(validation, PLACE_KEY(place, "pids"), "limit",
                                    resources->pids->limit);
    if (resources->block_io != NULL)
        validate_block_io(validation, PLACE_KEY(place, "blockIO"), resources->block_io);
    validate_hugepages(validation, PLACE_KEY(place, "hugepageLimits"), resources);
    if (resources->network != NULL)
        validate_network(validation, PLACE_KEY(place, "network"), resources->network);
    validate_rdma(validation, PLACE_KEY(place, "rdma"), resources);
    validate_unified(validation, PLACE_KEY(place, "unified"), &resources->unified);
}
