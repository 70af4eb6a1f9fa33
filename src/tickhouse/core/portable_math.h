// Logarithm and exponential that give the same bits on every machine. The C library's do not
// promise that (glibc picks variants by processor), and generated data must not depend on where it
// was made.
#pragma once

namespace tickhouse {

/// Natural logarithm of a positive finite normal number; relative error below 1e-15.
double PortableLog(double x);

/// e^x for |x| <= 700; relative error below 1e-15.
double PortableExp(double x);

}  // namespace tickhouse
