/*
 * A Vulkan layer for a driver that has no GPU under it: pipelines compile, everything that would reach the GPU is skipped.
 * Commands record nothing, submits and waits succeed at once, so a program runs to its end; only its results are garbage.
 */
#include <stdint.h>
#include <string.h>
#include <vulkan/vk_layer.h>
#include <vulkan/vulkan.h>

#define COUNT(list) (sizeof(list) / sizeof *(list))
#define FUNCTION(f) ((PFN_vkVoidFunction)(f))

/* One instance and one device are all that a compile needs. */
static VkInstance instance;
static PFN_vkGetInstanceProcAddr below_instance;
static PFN_vkGetDeviceProcAddr below_device;

static void skip(void) {}
static VkResult succeed(void) { return VK_SUCCESS; }

/* Greater than any value that a timeline is waited for. */
static VkResult timeline_is_over(VkDevice device, VkSemaphore semaphore, uint64_t *value) {
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

static PFN_vkVoidFunction stand_in(const char *name) {
  if (strncmp(name, "vkCmd", strlen("vkCmd")) == 0) return FUNCTION(skip);
  if (strcmp(name, "vkGetSemaphoreCounterValue") == 0) return FUNCTION(timeline_is_over);
  if (strcmp(name, "vkGetSemaphoreCounterValueKHR") == 0) return FUNCTION(timeline_is_over);
  for (size_t i = 0; i < COUNT(succeeding); i++)
    if (strcmp(name, succeeding[i]) == 0) return FUNCTION(succeed);
  return NULL;
}

/* The loader hands each layer the next one in a chain of structures behind the create info. */
static VkResult create_instance(const VkInstanceCreateInfo *info, const VkAllocationCallbacks *allocator, VkInstance *made) {
  VkLayerInstanceCreateInfo *link = (VkLayerInstanceCreateInfo *)info->pNext;
  while (link && (link->sType != VK_STRUCTURE_TYPE_LOADER_INSTANCE_CREATE_INFO || link->function != VK_LAYER_LINK_INFO))
    link = (VkLayerInstanceCreateInfo *)link->pNext;
  if (!link) return VK_ERROR_INITIALIZATION_FAILED;
  below_instance = link->u.pLayerInfo->pfnNextGetInstanceProcAddr;
  link->u.pLayerInfo = link->u.pLayerInfo->pNext;
  PFN_vkCreateInstance create = (PFN_vkCreateInstance)below_instance(NULL, "vkCreateInstance");
  VkResult result = create(info, allocator, made);
  if (result == VK_SUCCESS) instance = *made;
  return result;
}

static VkResult create_device(VkPhysicalDevice adapter, const VkDeviceCreateInfo *info, const VkAllocationCallbacks *allocator, VkDevice *made) {
  VkLayerDeviceCreateInfo *link = (VkLayerDeviceCreateInfo *)info->pNext;
  while (link && (link->sType != VK_STRUCTURE_TYPE_LOADER_DEVICE_CREATE_INFO || link->function != VK_LAYER_LINK_INFO))
    link = (VkLayerDeviceCreateInfo *)link->pNext;
  if (!link) return VK_ERROR_INITIALIZATION_FAILED;
  below_device = link->u.pLayerInfo->pfnNextGetDeviceProcAddr;
  PFN_vkGetInstanceProcAddr below = link->u.pLayerInfo->pfnNextGetInstanceProcAddr;
  link->u.pLayerInfo = link->u.pLayerInfo->pNext;
  PFN_vkCreateDevice create = (PFN_vkCreateDevice)below(instance, "vkCreateDevice");
  return create(adapter, info, allocator, made);
}

static PFN_vkVoidFunction device_function(VkDevice device, const char *name) {
  if (strcmp(name, "vkGetDeviceProcAddr") == 0) return FUNCTION(device_function);
  PFN_vkVoidFunction ours = stand_in(name);
  return ours ? ours : below_device(device, name);
}

static PFN_vkVoidFunction instance_function(VkInstance of, const char *name) {
  if (strcmp(name, "vkGetInstanceProcAddr") == 0) return FUNCTION(instance_function);
  if (strcmp(name, "vkGetDeviceProcAddr") == 0) return FUNCTION(device_function);
  if (strcmp(name, "vkCreateInstance") == 0) return FUNCTION(create_instance);
  if (strcmp(name, "vkCreateDevice") == 0) return FUNCTION(create_device);
  PFN_vkVoidFunction ours = stand_in(name);
  return ours ? ours : below_instance(of, name);
}

VkResult vkNegotiateLoaderLayerInterfaceVersion(VkNegotiateLayerInterface *interface) {
  interface->loaderLayerInterfaceVersion = 2;
  interface->pfnGetInstanceProcAddr = instance_function;
  interface->pfnGetDeviceProcAddr = device_function;
  interface->pfnGetPhysicalDeviceProcAddr = NULL;
  return VK_SUCCESS;
}
