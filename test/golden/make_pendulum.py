"""Writes pendulum.json: trajectories of Gymnasium's Pendulum-v1 from given states under given torques, some out of range.

    python3 -m venv venv && venv/bin/pip install gymnasium==1.4.0 numpy==2.4.6 && venv/bin/python test/golden/make_pendulum.py
"""

import json
from pathlib import Path

import gymnasium
import numpy as np


def trajectory(theta, omega, actions):
    """Angle, speed and reward after every step in f64, and the last observation, which is f32."""
    env = gymnasium.make("Pendulum-v1", disable_env_checker=True)
    env.reset(seed=0)
    env.unwrapped.state = np.array([theta, omega])
    thetas, omegas, rewards = [], [], []
    for action in actions:
        observation, reward, terminated, truncated, _ = env.step(np.array([action]))
        assert not terminated
        thetas.append(float(env.unwrapped.state[0]))
        omegas.append(float(env.unwrapped.state[1]))
        rewards.append(float(reward))
    return {
        "start": [theta, omega],
        "actions": actions,
        "thetas": thetas,
        "omegas": omegas,
        "rewards": rewards,
        "observation": observation.tolist(),
        "truncated": bool(truncated),
    }


random = np.random.default_rng(1)
drawn = random.uniform(-3, 3, 100).round(3).tolist()
swing = [2.5 if step // 8 % 2 == 0 else -2.5 for step in range(200)]
golden = {
    "source": f"gymnasium {gymnasium.__version__}, numpy {np.__version__}",
    "trajectories": [
        trajectory(3.0, 0.5, swing),
        trajectory(-1.2, -0.7, drawn),
        trajectory(0.0, 0.0, [0.0] * 10 + [0.001] * 50),
        trajectory(9.5, 7.9, [7.0] * 30 + [-1.5] * 30),
        trajectory(-7.0, -8.0, [-2.0] * 60),
    ],
}
path = Path(__file__).with_name("pendulum.json")
path.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
