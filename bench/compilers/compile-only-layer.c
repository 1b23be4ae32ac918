/*
 * A Vulkan layer for a driver that has no GPU under it: pipelines compile, everything that would reach the GPU is skipped.
 * Commands record nothing, submits and waits succeed at once, so a program runs to its end; only its results are garbage.
 * What it needs of the interface between loader and layers is declared here: a C compiler is enough, Vulkan's headers are not needed.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef int32_t VkResult;
enum { VK_SUCCESS = 0, VK_ERROR_INITIALIZATION_FAILED = -3 };
enum { LOADER_INSTANCE_CREATE_INFO = 47, LOADER_DEVICE_CREATE_INFO = 48, LAYER_LINK_INFO = 0, INTERFACE_VERSION = 2 };

typedef void (*Function)(void);
/* vkGetInstanceProcAddr or vkGetDeviceProcAddr; handles are pointers to the loader. */
typedef Function (*GetFunction)(void *handle, const char *name);

typedef VkResult (*CreateInstance)(const void *info, const void *allocator, void **made);
typedef VkResult (*CreateDevice)(void *adapter, const void *info, const void *allocator, void **made);

/* The layer below, in a list of layers; its third member is that of a device's list. */
typedef struct Link {
  struct Link *next;
  GetFunction instance_function;
  GetFunction device_function;
} Link;

/* Any structure in the chain behind a create info; the loader's own go on with a function and its link. */
typedef struct Chained {
  int32_t type;
  struct Chained *next;
  int32_t function;
  Link *link;
} Chained;

typedef struct {
  int32_t type;
  void *next;
  uint32_t version;
  GetFunction instance_function;
  GetFunction device_function;
  GetFunction adapter_function;
} LayerInterface;

/* One instance and one device are all that a compile needs. */
static void *instance;
static GetFunction below_instance;
static GetFunction below_device;

static void skip(void) {}
static VkResult succeed(void) { return VK_SUCCESS; }

/* Greater than any value that a timeline is waited for. */
static VkResult timeline_is_over(void *device, void *semaphore, uint64_t *value) {
  (void)device, (void)semaphore;
  *value = INT64_MAX;
  return VK_SUCCESS;
}

static const char *const succeeding[] = {
    "vkBeginCommandBuffer", "vkEndCommandBuffer", "vkResetCommandBuffer", "vkResetCommandPool",
    "vkQueueSubmit",        "vkQueueSubmit2",     "vkQueueSubmit2KHR",    "vkQueueBindSparse",
    "vkQueueWaitIdle",      "vkDeviceWaitIdle",   "vkGetFenceStatus",     "vkWaitForFences",
    "vkResetFences",        "vkWaitSemaphores",   "vkWaitSemaphoresKHR",  "vkSignalSemaphore",
};

static int is(const char *name, const char *other) { return strcmp(name, other) == 0; }

static Function stand_in(const char *name) {
  if (strncmp(name, "vkCmd", strlen("vkCmd")) == 0) return skip;
  if (is(name, "vkGetSemaphoreCounterValue") || is(name, "vkGetSemaphoreCounterValueKHR")) return (Function)timeline_is_over;
  for (size_t i = 0; i < sizeof succeeding / sizeof *succeeding; i++)
    if (is(name, succeeding[i])) return (Function)succeed;
  return NULL;
}

/* The layer below, which each layer takes off the list for the next one. */
static Link *take_link(const void *info, int32_t type) {
  for (Chained *each = ((const Chained *)info)->next; each; each = each->next)
    if (each->type == type && each->function == LAYER_LINK_INFO) {
      Link *link = each->link;
      each->link = link->next;
      return link;
    }
  return NULL;
}

static VkResult create_instance(const void *info, const void *allocator, void **made) {
  Link *link = take_link(info, LOADER_INSTANCE_CREATE_INFO);
  if (!link) return VK_ERROR_INITIALIZATION_FAILED;
  below_instance = link->instance_function;
  CreateInstance create = (CreateInstance)below_instance(NULL, "vkCreateInstance");
  VkResult result = create(info, allocator, made);
  if (result == VK_SUCCESS) instance = *made;
  return result;
}

static VkResult create_device(void *adapter, const void *info, const void *allocator, void **made) {
  Link *link = take_link(info, LOADER_DEVICE_CREATE_INFO);
  if (!link) return VK_ERROR_INITIALIZATION_FAILED;
  below_device = link->device_function;
  CreateDevice create = (CreateDevice)link->instance_function(instance, "vkCreateDevice");
  return create(adapter, info, allocator, made);
}

static Function device_function(void *device, const char *name) {
  if (is(name, "vkGetDeviceProcAddr")) return (Function)device_function;
  Function ours = stand_in(name);
  return ours ? ours : below_device(device, name);
}

static Function instance_function(void *of, const char *name) {
  if (is(name, "vkGetInstanceProcAddr")) return (Function)instance_function;
  if (is(name, "vkGetDeviceProcAddr")) return (Function)device_function;
  if (is(name, "vkCreateInstance")) return (Function)create_instance;
  if (is(name, "vkCreateDevice")) return (Function)create_device;
  Function ours = stand_in(name);
  return ours ? ours : below_instance(of, name);
}

VkResult vkNegotiateLoaderLayerInterfaceVersion(LayerInterface *layer) {
  layer->version = INTERFACE_VERSION;
  layer->instance_function = instance_function;
  layer->device_function = device_function;
  layer->adapter_function = NULL;
  return VK_SUCCESS;
}
