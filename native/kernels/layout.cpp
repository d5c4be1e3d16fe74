// Forces between the points of a layout (t-SNE), eight points a group. The SIMD lanes are points, or fixed lanes of a
// row of neighbours: no sum depends on the vector width.
#include "lanes.h"
#include "level_functions.h"

namespace querent::QUERENT_LEVEL {
namespace {

using D = Simd<double>;
using V = D::V;

constexpr size_t kVectors = kLayoutLanes / D::W;

// All vectors of a group at once, as far as registers go: their divisions overlap.
constexpr size_t kTogether = kVectors < 2 ? kVectors : 2;

QUERENT_INLINE V closeness(V dx, V dy) {
  return D::set(1) / (D::set(1) + (dx * dx + dy * dy));
}

QUERENT_INLINE double fold(double* lanes) {
  for (size_t half = kLayoutLanes / 2; half > 0; half /= 2) {
    for (size_t j = 0; j < half; ++j) lanes[j] += lanes[j + half];
  }
  return lanes[0];
}

}  // namespace

void layout_repulsion(const double* x, const double* y, const double* source_x, const double* source_y,
                      const double* mass, size_t count, double* out_x, double* out_y, double* out_sum) {
  for (size_t first = 0; first < kVectors; first += kTogether) {
    V px[kTogether], py[kTogether], fx[kTogether], fy[kTogether], sum[kTogether];
    for (size_t v = 0; v < kTogether; ++v) {
      px[v] = D::load(x + (first + v) * D::W);
      py[v] = D::load(y + (first + v) * D::W);
      fx[v] = fy[v] = sum[v] = D::zero();
    }
    for (size_t s = 0; s < count; ++s) {
      const V sx = D::set(source_x[s]);
      const V sy = D::set(source_y[s]);
      const V m = D::set(mass[s]);
      for (size_t v = 0; v < kTogether; ++v) {
        const V dx = px[v] - sx;
        const V dy = py[v] - sy;
        const V q = closeness(dx, dy);
        const V w = m * q;
        sum[v] = sum[v] + w;
        const V force = w * q;
        fx[v] = fx[v] + force * dx;
        fy[v] = fy[v] + force * dy;
      }
    }
    for (size_t v = 0; v < kTogether; ++v) {
      D::store(fx[v], out_x + (first + v) * D::W);
      D::store(fy[v], out_y + (first + v) * D::W);
      D::store(sum[v], out_sum + (first + v) * D::W);
    }
  }
}

void layout_all_pairs(const double* x, const double* y, size_t first_point, const double* affinities, size_t points,
                      LayoutForces* out) {
  for (size_t first = 0; first < kVectors; first += kTogether) {
    V px[kTogether], py[kTogether], ax[kTogether], ay[kTogether], fx[kTogether], fy[kTogether], sum[kTogether];
    for (size_t v = 0; v < kTogether; ++v) {
      px[v] = D::load(x + first_point + (first + v) * D::W);
      py[v] = D::load(y + first_point + (first + v) * D::W);
      ax[v] = ay[v] = fx[v] = fy[v] = sum[v] = D::zero();
    }
    for (size_t s = 0; s < points; ++s) {
      const V sx = D::set(x[s]);
      const V sy = D::set(y[s]);
      for (size_t v = 0; v < kTogether; ++v) {
        const V dx = px[v] - sx;
        const V dy = py[v] - sy;
        const V q = closeness(dx, dy);
        sum[v] = sum[v] + q;
        const V pull = D::load(affinities + s * kLayoutLanes + (first + v) * D::W) * q;
        ax[v] = ax[v] + pull * dx;
        ay[v] = ay[v] + pull * dy;
        const V push = q * q;
        fx[v] = fx[v] + push * dx;
        fy[v] = fy[v] + push * dy;
      }
    }
    for (size_t v = 0; v < kTogether; ++v) {
      const size_t at = (first + v) * D::W;
      D::store(ax[v], out->pull_x + at);
      D::store(ay[v], out->pull_y + at);
      D::store(fx[v], out->push_x + at);
      D::store(fy[v], out->push_y + at);
      D::store(sum[v], out->sum + at);
    }
  }
}

void layout_attraction(const double* points, size_t row, const uint32_t* columns, const double* affinities,
                       size_t count, double* out) {
  const double row_x = points[2 * row];
  const double row_y = points[2 * row + 1];
  double dx[kLayoutLanes];
  double dy[kLayoutLanes];
  V fx[kVectors], fy[kVectors];
  for (size_t v = 0; v < kVectors; ++v) fx[v] = fy[v] = D::zero();
  for (size_t e = 0; e < count; e += kLayoutLanes) {
    for (size_t l = 0; l < kLayoutLanes; ++l) {
      const double* other = points + 2 * size_t(columns[e + l]);
      dx[l] = row_x - other[0];
      dy[l] = row_y - other[1];
    }
    for (size_t v = 0; v < kVectors; ++v) {
      const V x = D::load(dx + v * D::W);
      const V y = D::load(dy + v * D::W);
      const V pull = D::load(affinities + e + v * D::W) * closeness(x, y);
      fx[v] = fx[v] + pull * x;
      fy[v] = fy[v] + pull * y;
    }
  }
  for (size_t v = 0; v < kVectors; ++v) {
    D::store(fx[v], dx + v * D::W);
    D::store(fy[v], dy + v * D::W);
  }
  out[0] = fold(dx);
  out[1] = fold(dy);
}

}  // namespace querent::QUERENT_LEVEL
