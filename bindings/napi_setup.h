// The only include of napi.h, with its switches: C++ exceptions become JavaScript errors, Node-API 8.
#pragma once

#define NAPI_VERSION 8
#define NODE_ADDON_API_DISABLE_DEPRECATED
#include <napi.h>
