#include "principal.h"

#include <querent/parallel.h>
#include <querent/philox.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace querent {
namespace {

constexpr size_t kParts = 16;  // of the rows: their sums are added in order
constexpr size_t kWidth = 8;   // directions
constexpr int kIterations = 16;
constexpr int kSweeps = 12;
constexpr double kDependent = 1e-10;  // what is left of a direction that the others span already

using Square = std::array<std::array<double, kWidth>, kWidth>;

class Principal {
 public:
  Principal(const PairRows& rows, unsigned threads)
      : rows_(rows), cols_(rows.cols()), threads_(threads), mean_(cols_), basis_(cols_ * kWidth) {
    find_mean();
    for (size_t c = 0; c < cols_; ++c) {
      for (size_t half = 0; half < 2; ++half) {
        const PhiloxWords words = philox(0, Stream::layout, c, uint32_t(half));
        for (size_t k = 0; k < 4; ++k) basis_[c * kWidth + 4 * half + k] = double(words[k]) * 0x1p-32 - 0.5;
      }
    }
    make_orthonormal();
  }

  void run(double* out) {
    for (int i = 0; i < kIterations; ++i) {
      multiply();
      make_orthonormal();
    }
    const Square turn = eigenvectors(of_basis());
    std::vector<double> directions(2 * cols_);
    for (size_t c = 0; c < cols_; ++c) {
      for (size_t d = 0; d < 2; ++d) {
        double sum = 0;
        for (size_t k = 0; k < kWidth; ++k) sum += basis_[c * kWidth + k] * turn[k][d];
        directions[2 * c + d] = sum;
      }
    }
    for (size_t d = 0; d < 2; ++d) {
      size_t most = 0;
      for (size_t c = 1; c < cols_; ++c) {
        if (std::fabs(directions[2 * c + d]) > std::fabs(directions[2 * most + d])) most = c;
      }
      if (directions[2 * most + d] >= 0) continue;
      for (size_t c = 0; c < cols_; ++c) directions[2 * c + d] = -directions[2 * c + d];
    }
    for_parts([&](size_t, size_t row, const double* x) {
      double sums[2] = {};
      for (size_t c = 0; c < cols_; ++c) {
        for (size_t d = 0; d < 2; ++d) sums[d] += x[c] * directions[2 * c + d];
      }
      out[2 * row] = sums[0];
      out[2 * row + 1] = sums[1];
    });
  }

 private:
  // body(part, row, centred row)
  template <class Body>
  void for_parts(Body body) const {
    const size_t n = rows_.rows();
    parallel_for(kParts, threads_, [&](size_t part) {
      std::vector<double> x(cols_);
      for (size_t row = part * n / kParts; row < (part + 1) * n / kParts; ++row) {
        rows_.widen(row, x.data());
        for (size_t c = 0; c < cols_; ++c) x[c] -= mean_[c];
        body(part, row, x.data());
      }
    });
  }

  void find_mean() {
    std::vector<std::vector<double>> sums(kParts, std::vector<double>(cols_));
    for_parts([&](size_t part, size_t, const double* x) {
      for (size_t c = 0; c < cols_; ++c) sums[part][c] += x[c];
    });
    for (const auto& sum : sums) {
      for (size_t c = 0; c < cols_; ++c) mean_[c] += sum[c];
    }
    for (double& m : mean_) m /= double(rows_.rows());
  }

  std::array<double, kWidth> along_basis(const double* x) const {
    std::array<double, kWidth> z{};
    for (size_t c = 0; c < cols_; ++c) {
      for (size_t k = 0; k < kWidth; ++k) z[k] += x[c] * basis_[c * kWidth + k];
    }
    return z;
  }

  // The basis becomes the centred rows, transposed, times the rows times the basis.
  void multiply() {
    std::vector<std::vector<double>> parts(kParts, std::vector<double>(basis_.size()));
    for_parts([&](size_t part, size_t, const double* x) {
      const std::array<double, kWidth> z = along_basis(x);
      double* sum = parts[part].data();
      for (size_t c = 0; c < cols_; ++c) {
        for (size_t k = 0; k < kWidth; ++k) sum[c * kWidth + k] += x[c] * z[k];
      }
    });
    std::fill(basis_.begin(), basis_.end(), 0.0);
    for (const auto& sum : parts) {
      for (size_t i = 0; i < basis_.size(); ++i) basis_[i] += sum[i];
    }
  }

  double dot(size_t a, size_t b) const {
    double sum = 0;
    for (size_t c = 0; c < cols_; ++c) sum += basis_[c * kWidth + a] * basis_[c * kWidth + b];
    return sum;
  }

  // Gram-Schmidt, each direction twice. One that the earlier ones span becomes zeros.
  void make_orthonormal() {
    for (size_t k = 0; k < kWidth; ++k) {
      double most = 0;
      for (size_t c = 0; c < cols_; ++c) most = std::max(most, std::fabs(basis_[c * kWidth + k]));
      if (most == 0) continue;
      for (size_t c = 0; c < cols_; ++c) basis_[c * kWidth + k] /= most;
      const double before = std::sqrt(dot(k, k));
      for (int round = 0; round < 2; ++round) {
        for (size_t j = 0; j < k; ++j) {
          const double share = dot(j, k);
          for (size_t c = 0; c < cols_; ++c) basis_[c * kWidth + k] -= share * basis_[c * kWidth + j];
        }
      }
      const double length = std::sqrt(dot(k, k));
      const bool is_new = length > kDependent * before;
      for (size_t c = 0; c < cols_; ++c) basis_[c * kWidth + k] = is_new ? basis_[c * kWidth + k] / length : 0;
    }
  }

  // Sums over rows of the products of their coordinates along the basis.
  Square of_basis() const {
    std::vector<Square> parts(kParts, Square{});
    for_parts([&](size_t part, size_t, const double* x) {
      const std::array<double, kWidth> z = along_basis(x);
      for (size_t a = 0; a < kWidth; ++a) {
        for (size_t b = 0; b < kWidth; ++b) parts[part][a][b] += z[a] * z[b];
      }
    });
    Square sum{};
    for (const Square& part : parts) {
      for (size_t a = 0; a < kWidth; ++a) {
        for (size_t b = 0; b < kWidth; ++b) sum[a][b] += part[a][b];
      }
    }
    return sum;
  }

  // Columns: eigenvectors of a symmetric matrix by cyclic Jacobi rotations, the two of the largest eigenvalues first.
  static Square eigenvectors(Square a) {
    Square v{};
    for (size_t k = 0; k < kWidth; ++k) v[k][k] = 1;
    for (int sweep = 0; sweep < kSweeps; ++sweep) {
      for (size_t p = 0; p < kWidth; ++p) {
        for (size_t q = p + 1; q < kWidth; ++q) {
          if (a[p][q] != 0) rotate(a, v, p, q);
        }
      }
    }
    for (size_t d = 0; d < 2; ++d) {
      size_t most = d;
      for (size_t k = d + 1; k < kWidth; ++k) {
        if (a[k][k] > a[most][most]) most = k;
      }
      std::swap(a[d][d], a[most][most]);
      for (size_t k = 0; k < kWidth; ++k) std::swap(v[k][d], v[k][most]);
    }
    return v;
  }

  static void rotate(Square& a, Square& v, size_t p, size_t q) {
    const double theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
    const double size = 1 / (std::fabs(theta) + std::sqrt(theta * theta + 1));
    const double t = theta < 0 ? -size : size;
    const double c = 1 / std::sqrt(t * t + 1);
    const double s = t * c;
    for (size_t k = 0; k < kWidth; ++k) {
      const double kp = a[k][p];
      const double kq = a[k][q];
      a[k][p] = c * kp - s * kq;
      a[k][q] = s * kp + c * kq;
    }
    for (size_t k = 0; k < kWidth; ++k) {
      const double pk = a[p][k];
      const double qk = a[q][k];
      a[p][k] = c * pk - s * qk;
      a[q][k] = s * pk + c * qk;
    }
    for (size_t k = 0; k < kWidth; ++k) {
      const double kp = v[k][p];
      const double kq = v[k][q];
      v[k][p] = c * kp - s * kq;
      v[k][q] = s * kp + c * kq;
    }
  }

  const PairRows& rows_;
  size_t cols_;
  unsigned threads_;
  std::vector<double> mean_;
  std::vector<double> basis_;  // [cols, kWidth]
};

}  // namespace

void principal_components(const PairRows& rows, unsigned threads, double* out) {
  Principal(rows, threads).run(out);
}

}  // namespace querent
