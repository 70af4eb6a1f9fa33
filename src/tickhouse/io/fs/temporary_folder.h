// The former name of test_folder.h. Tests only.
#pragma once

#include "tickhouse/io/fs/test_folder.h"
